"""Multilevel and multivariate random-effects models of dependent effects, at a cost that grows with the clusters.

y = X beta + Z u + e with known sampling covariance V and random intercepts of nested levels, or random effects by
dimension that covary within a study (Konstantopoulos 2011, Res. Synth. Methods 2, 61-76; Berkey et al. 1998, Stat.
Med. 17, 2537-2550), as metafor's `rma.mv`.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from analysis.covariance import BlockCovariance, diagonal_covariance, group_effects
from analysis.errors import ConvergenceError, ModelError, TooFewStudiesError
from analysis.frequentist.groupings import connect, read_levels, read_structure
from analysis.frequentist.linear import build_batch
from analysis.frequentist.mixed_assembly import assemble
from analysis.frequentist.mixed_likelihood import MixedData, build_data, evaluate, slopes
from analysis.frequentist.mixed_optimiser import Local, Optimum, Surface, maximise
from analysis.frequentist.mixed_results import MixedModel, MultilevelFit
from analysis.frequentist.structures import Level, Parameters, Structure, kernels
from analysis.results import Array, Design

# Columns of the information whose correlation matrix has a smaller eigenvalue than this cannot be told apart.
IDENTIFIED = 1e-9


def fit_multilevel(
    yi: ArrayLike,
    V: BlockCovariance | ArrayLike,
    design: Design | None = None,
    *,
    levels: Mapping[str, ArrayLike] | None = None,
    structure: tuple[str, ArrayLike, ArrayLike] | None = None,
    method: str = "REML",
    test: str = "z",
    dfs: str = "residual",
    level: float = 95.0,
    crossed: bool = False,
) -> MultilevelFit:
    """Fit a multilevel or multivariate model.

    Parameters
    ----------
    yi : (k,)
        Effects in units of the measure.
    V : BlockCovariance or (k,)
        Sampling covariance, or sampling variances of independent estimates, in those units squared.
    design : Design, optional
        Moderators; an intercept alone without.
    levels : mapping of name to (k,) identifiers, optional
        Random intercepts, outermost first, as `{"study_id": ..., "effect_id": ...}`. An identifier that recurs in
        several groups of the level outside it names a group in each, unless `crossed`.
    structure : (kind, inner, outer), optional
        `UN`, `CS`, `HCS` or `DIAG`; dimension (k,) and study (k,) of every effect.
    method : `REML` or `ML`
    test : `z`, or `t` with `dfs` df
        `residual`: k - p; `contain`: the smallest number of groups of a level within whose groups the moderator is
        constant, less p, as in metafor.
    level : float
        Of intervals, per cent.

    Raises
    ------
    TooFewStudiesError, RankDeficientError, ImpossibleValueError, ConvergenceError
    ModelError
        V that is not positive definite, or variances that the data cannot tell apart.
    """
    _refuse_choices(method, test, dfs, levels, structure)
    y = np.asarray(yi, dtype=float)
    given = V.diagonal() if isinstance(V, BlockCovariance) else np.asarray(V, dtype=float)
    if y.ndim != 1 or given.shape != y.shape:
        raise ModelError(
            f"yi has shape {y.shape} and V belongs to {given.shape}. Give one row and variance per effect."
        )
    X, names = (np.ones((len(y), 1)), ("intrcpt",)) if design is None else (design.X, design.names)
    if len(y) <= X.shape[1]:
        raise TooFewStudiesError(f"{len(y)} effects for {X.shape[1]} coefficients. Use fewer moderators.")
    batch = build_batch(y, given, X)
    found, notes = read_levels(levels or {}, len(y), crossed=crossed)
    shape = None if structure is None else read_structure(*structure, len(y))
    cut = _blocks(V, given, found, shape)
    free = np.array([one.number > 1 for one in found], dtype=bool)
    notes += tuple(
        f"level {one.name} has a single group, so its variance is fixed at zero." for one in found if one.number < 2
    )
    unit = _unit(y, given)
    scaled = BlockCovariance(clusters=cut.clusters, blocks=tuple(block / unit**2 for block in cut.blocks))
    Q = batch.Q if not batch.constant else np.full((len(y), 1), len(y) ** -0.5)
    R = batch.R if not batch.constant else np.full((1, 1), len(y) ** 0.5)
    data = build_data(y / unit, Q, scaled, lambda rows: kernels(found, shape, rows), restricted=method == "REML")
    parameters = Parameters(free=free, structure=shape)
    optimum = _optimise(data, parameters)
    model = MixedModel(
        data=data,
        parameters=parameters,
        at=optimum.summit.parameters,
        levels=found,
        structure=shape,
        unit=unit,
        R=R,
    )
    return assemble(
        model, optimum, X=X, y=y, V=cut, names=names, method=method, test=test, dfs=dfs, level=level, notes=notes
    )


def _refuse_choices(method: str, test: str, dfs: str, levels: object, structure: object) -> None:
    for what, value, known in (
        ("method", method, ("REML", "ML")),
        ("test", test, ("z", "t")),
        ("dfs", dfs, ("residual", "contain")),
    ):
        if value not in known:
            raise ModelError(f'{what} "{value}" is not known. Use one of {", ".join(known)}.')
    if not levels and structure is None:
        raise ModelError("a multilevel model needs at least one level or a structure. Give levels.")


def _blocks(
    V: BlockCovariance | ArrayLike, vi: Array, levels: tuple[Level, ...], structure: Structure | None
) -> BlockCovariance:
    """V in the coarsest grouping that sampling, levels and structure connect."""
    codes = [one.codes for one in levels if one.number > 1]
    if structure is not None:
        codes.append(structure.outer.codes)
    if isinstance(V, BlockCovariance):
        codes.append(V.clusters.codes)
    clusters = group_effects(connect(codes)) if codes else group_effects(np.arange(len(vi)))
    cut = V.regrouped(clusters) if isinstance(V, BlockCovariance) else diagonal_covariance(vi, clusters)
    for rows, block in zip(cut.clusters.rows, cut.blocks, strict=True):
        try:
            np.linalg.cholesky(block)
        except np.linalg.LinAlgError:
            bad = rows[np.linalg.eigvalsh(block)[:, 0] <= 0.0]
            where = ", ".join(str(int(row) + 1) for row in (bad[0] if len(bad) else rows[0])[:10])
            raise ModelError(
                f"V is not positive definite in the cluster of effects {where}. Lower the assumed correlation or "
                "repair V to the nearest positive definite matrix."
            ) from None
    return cut


def _unit(y: Array, vi: Array) -> float:
    """A power of two near the standard deviation of the effects, so that dividing by it rounds nothing."""
    return float(2.0 ** np.round(0.5 * np.log2(np.var(y) + np.median(vi))))


def build_surface(data: MixedData, parameters: Parameters) -> Surface:
    """The likelihood over the parameters, by the chain rule from entries."""
    lower, upper = parameters.bounds()

    def local(at: Array, point: object) -> Local:
        mapped = parameters.map(at)
        by_entry = slopes(data, point)  # type: ignore[arg-type]
        J = mapped.slopes
        curved = np.tensordot(by_entry.score, mapped.curvatures, 1)
        return Local(J.T @ by_entry.score, J.T @ by_entry.expected @ J, J.T @ by_entry.observed @ J - curved)

    def value(at: Array) -> tuple[float, object] | None:
        entries = parameters.map(at).entries
        correlated = parameters.kind == "UN" and not parameters.triangular
        if correlated and np.linalg.eigvalsh(parameters.between(entries))[0] < 0.0:
            return None
        point = evaluate(data, entries)
        return None if point is None else (point.loglik, point)

    return Surface(value=value, local=local, lower=lower, upper=upper)


def _optimise(data: MixedData, parameters: Parameters) -> Optimum:
    starts = starting_values(data, parameters)
    surface = build_surface(data, parameters)
    if not identified(data, surface, parameters, starts[0]):
        raise ModelError(
            "the data cannot tell the variance components apart: some combination of them leaves the likelihood as it "
            "is. Drop a level, or use a simpler structure."
        )
    optimum = maximise(surface, starts)
    if optimum is None or not optimum.summit.converged:
        raise ConvergenceError(
            "the likelihood of the multilevel model did not settle on an optimum. Use fewer variance components, or a "
            "simpler structure."
        )
    return optimum


def starting_values(data: MixedData, parameters: Parameters) -> list[Array]:
    """Excess variance over sampling shared by all components, and nearly all of it in one of them each time."""
    plain = evaluate(data, np.zeros(data.m))
    assert plain is not None
    residual = sum(float(((stack.U[..., -1] - stack.U[..., :-1] @ plain.b) ** 2).sum()) for stack in data.stacks) / (
        data.k - data.p
    )
    sampling = (
        sum(float((np.diagonal(stack.V, axis1=1, axis2=2) * (stack.rows >= 0)).sum()) for stack in data.stacks) / data.k
    )
    total = max(residual - sampling, 0.1 * residual, 0.01 * sampling)
    parts = parameters.levels + (parameters.structure is not None)
    shares = [np.full(parts, 1.0 / parts)]
    if parts > 1:
        shares += [np.where(np.arange(parts) == one, 0.95, 0.05 / (parts - 1)) for one in range(parts)]
    if parameters.structure is None:
        shares += [] if parts > 1 else [shares[0] * 0.01]
        return [parameters.at(total * share, None) for share in shares]
    q = parameters.structure.inner.number
    # With q dimensions equal correlations cannot be below -1 / (q - 1).
    correlations = (0.5, 0.0, 0.9, -0.5 / max(q - 1, 1))
    starts = []
    for index, share in enumerate([*shares, *shares[:1] * max(len(correlations) - len(shares), 0)]):
        rho = correlations[index % len(correlations)]
        G = total * share[-1] * (np.full((q, q), rho) + np.eye(q) * (1.0 - rho))
        starts.append(parameters.at(total * share[:-1], G))
    return starts


def identified(data: MixedData, surface: Surface, parameters: Parameters, start: Array) -> bool:
    """Whether the information about the parameters at `start` has full rank; not known outside the domain.

    It is judged beside the information that the effects would give were their means known: what the coefficients
    absorb whole leaves rounding errors of that size.
    """
    here = surface.value(start)
    if here is None:
        return False
    free = surface.upper > surface.lower
    H = surface.local(start, here[1]).expected[np.ix_(free, free)]
    known = build_surface(replace(data, restricted=False), parameters).local(start, here[1]).expected
    return full_rank(H, np.diag(known)[free])


def full_rank(H: Array, size: Array) -> bool:
    """Whether an information matrix leaves no direction out, its parameters scaled by information of `size`."""
    if not len(H):
        return True
    if (size <= 0.0).any():
        return False
    scale = np.sqrt(size)
    return bool(np.linalg.eigvalsh(H / np.outer(scale, scale))[0] >= IDENTIFIED)
