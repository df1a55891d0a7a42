"""Formulas: what they may say (gate) and what they become (design)."""

from analysis.formulas.design import DesignModel, build_design, code_rows
from analysis.formulas.gate import check_formula

__all__ = ["DesignModel", "build_design", "check_formula", "code_rows"]
