"""Programs outside that are told of reports, and that tell us of those referred to them."""
