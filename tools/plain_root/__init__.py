"""Runs the steps of the Containerfile in a plain root, where no container engine runs."""
