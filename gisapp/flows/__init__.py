"""One file per data flow: plain functions that say in their signature what they may touch."""
