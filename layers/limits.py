"""How large a file may be: everything here is counted before the file is taken apart.

Measured on files of 200 MB: with these limits reading and keeping one stays below 1.5 GB of memory.
"""

from __future__ import annotations

MAX_BYTES = 200_000_000  # a file as it is handed in
MAX_VERTICES = 4_000_000  # positions of all its shapes
MAX_ROWS = 600_000
MAX_COLUMNS = 1_000
MAX_CELLS = 5_000_000  # rows times columns
MAX_SHEET_CELLS = 4_000_000  # of an Excel sheet, which is kept with the name of each cell
MAX_TEXT = 100_000  # letters of one cell; a shape written as text is counted by its positions
MAX_DEPTH = 100  # brackets inside brackets

# What a ZIP may hold. A .dbf of mostly blank columns shrinks a hundredfold; a bomb a thousandfold.
MAX_MEMBERS = 2_000
MAX_UNPACKED = 500_000_000
MAX_RATIO = 400
RATIO_COUNTS_FROM = 1_000_000  # bytes unpacked; a small member can do no harm
