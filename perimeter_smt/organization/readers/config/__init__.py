"""Configuration items of AWS Config."""
