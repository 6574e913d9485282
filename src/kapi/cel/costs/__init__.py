"""What expressions cost: counted while they run, estimated before they may be written."""
