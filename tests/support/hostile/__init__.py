"""What the hostile suite stands on: aims, a range to attack on, the list of what is expected."""
