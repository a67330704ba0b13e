"""How good are the answers: ranking metrics, each defined in words, formula and source."""
