"""What the town hall does with reports: finding, giving to somebody, answering, closing, counting."""
