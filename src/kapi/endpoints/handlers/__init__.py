"""One file for each verb or subresource."""
