"""One typed record of a compilation, and the pages made from it."""
