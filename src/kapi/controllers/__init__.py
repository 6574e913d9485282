"""Controllers that run inside the server: what the API needs to hold together on its own.

Implements the parts of kube-controller-manager without which an API server is no cluster: the
namespace controller, the garbage collector, the default service account and the root CA
publisher. They act on changes and do nothing in between.
"""
