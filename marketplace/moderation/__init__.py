"""What keeps the marketplace clean: the queue, quarantine, yanks, kill orders, advisories."""
