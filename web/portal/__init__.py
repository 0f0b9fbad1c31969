"""The portal: where an official consents and withdraws, and sees what is held about her and who read it."""
