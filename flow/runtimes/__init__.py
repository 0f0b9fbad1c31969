"""What runs the stages."""
