"""Tables a reader sees: records in, records out, full precision, nothing estimated and nothing rounded.

Every table carries a column `source` that names the results file, and the line in it, that a row came from. Columns
without a suffix are on the scale a reader sees (r, odds ratio, g ...); `_model_scale` marks the scale of the analysis.
"""
