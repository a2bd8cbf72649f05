"""What tests stand on: servers of their own, processes, ports, patience."""
