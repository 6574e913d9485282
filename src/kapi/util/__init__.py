"""Clock, ids and failpoints: what knows no Kubernetes."""
