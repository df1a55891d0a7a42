"""Tables and figures -> one dict -> pages. Nothing is computed here: a number is picked, rounded and worded."""
