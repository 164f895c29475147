"""受付・対応: the town hall's pages, as plain pages of our own (ADR 0024), each behind a right."""
