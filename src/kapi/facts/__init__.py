"""Tables of facts about Kubernetes, made by tools/make_facts.py."""
