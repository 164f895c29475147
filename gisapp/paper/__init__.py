"""Maps and answers on paper: PDF sheets drawn from the layers themselves."""
