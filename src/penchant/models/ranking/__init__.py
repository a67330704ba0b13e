"""Learning to rank by stochastic gradient descent."""
