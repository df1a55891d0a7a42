"""Path models of pooled correlations: two-stage meta-analytic structural equation models, and published results."""
