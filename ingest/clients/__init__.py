"""What collectors need to talk to servers: pace, websockets, requests."""
