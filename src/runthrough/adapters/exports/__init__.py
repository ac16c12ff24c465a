"""What leaves the database for people and auditors: notes of checkpoints, and exports."""
