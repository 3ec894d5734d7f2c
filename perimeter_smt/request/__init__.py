"""What a request is: caller, action, resource, context keys, and the ground truth behind them."""
