"""What the accounts did: orders, fills, trades, money and positions, drawn a month at a time."""
