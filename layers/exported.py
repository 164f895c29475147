"""The names by which an export of this program is known again: the writers set them, the readers look for them."""

from __future__ import annotations

FEATURE_ID = "feature_id"
LATITUDE, LONGITUDE, WKT = "緯度", "経度", "WKT"
POSITIONS = (LATITUDE, LONGITUDE, WKT)
# Before the name of a file's own column when that name is taken already.
ESCAPE = "元の列："
# First letters of a text that a spreadsheet would run as a formula; an apostrophe before it keeps it a text.
FORMULA_STARTS = "=+-@\t\r\n\x00＝＋－＠"
# In the ZIP of a Shapefile: the whole names of its columns, and the cells that it could not hold.
COLUMNS_FILE, LOSSES_FILE, ABOUT_FILE = "columns.csv", "losses.csv", "about.txt"
