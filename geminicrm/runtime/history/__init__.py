"""What happened to installations: runs with their journal, earlier versions, removals."""
