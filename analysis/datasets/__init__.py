"""What a dataset folder is: its columns, its cells, and everything that can be wrong with it. Opens no file."""

from analysis.datasets.cells import Cell, CellError, Record, Records, parse_cell, show_cell
from analysis.datasets.checks import Contents, Dataset, check_contents, read_contents
from analysis.datasets.claims import Printed, read_printed
from analysis.datasets.columns import Column, columns_of_dataset, columns_of_schema
from analysis.datasets.dictionary import build_dictionary
from analysis.datasets.sheet import Sheet, decode, split_sheet

__all__ = [
    "Cell",
    "CellError",
    "Column",
    "Contents",
    "Dataset",
    "Printed",
    "Record",
    "Records",
    "Sheet",
    "build_dictionary",
    "check_contents",
    "columns_of_dataset",
    "columns_of_schema",
    "decode",
    "parse_cell",
    "read_contents",
    "read_printed",
    "show_cell",
    "split_sheet",
]
