"""Many designs of one network, from the cheapest to the most faithful."""
