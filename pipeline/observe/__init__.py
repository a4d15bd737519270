"""What the job tells of itself: logs, metrics, health, traces."""
