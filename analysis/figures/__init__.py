"""Ink on an axis: one file per figure. Records in, a matplotlib `Figure` out; nothing here estimates or saves."""
