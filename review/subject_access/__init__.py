"""All that is held because of an official, in a form that she can read."""
