"""The parameters of operations: where they stand, their types and what they mean."""

from __future__ import annotations

__all__ = ["PARAMETERS", "PATH_PARAMETERS"]

# Name: (type, description).
PARAMETERS: dict[str, tuple[str, str]] = {
    "allowWatchBookmarks": ("boolean", "Ask for events of type BOOKMARK in a watch."),
    "command": ("string", "The remote command to execute, one argument each time it is given."),
    "container": ("string", "The container to use; defaults to the only one of the pod."),
    "continue": ("string", "The token of the previous page, to get the next one."),
    "dryRun": ("string", "When present, nothing is persisted. The only valid value is All."),
    "fieldManager": ("string", "The name of the actor that makes these changes."),
    "fieldSelector": ("string", "Restricts the objects by their fields."),
    "fieldValidation": (
        "string",
        "What to do with unknown or duplicate fields: Ignore, Warn (the default) or Strict.",
    ),
    "follow": ("boolean", "Follow the log stream of the pod."),
    "force": ("boolean", "Take fields over from other managers; for apply requests only."),
    "gracePeriodSeconds": ("integer", "Seconds before the object is removed; zero is at once."),
    "ignoreStoreReadErrorWithClusterBreakingPotential": (
        "boolean",
        "Delete the object even if it cannot be read from the store.",
    ),
    "insecureSkipTLSVerifyBackend": ("boolean", "Do not verify the certificate of the kubelet."),
    "labelSelector": ("string", "Restricts the objects by their labels."),
    "limit": ("integer", "The most objects that a page may have."),
    "limitBytes": ("integer", "The number of bytes after which the log ends."),
    "orphanDependents": ("boolean", "Deprecated: use propagationPolicy."),
    "path": ("string", "The path of the URL that the proxied request goes to."),
    "ports": ("integer", "The ports to forward."),
    "pretty": ("string", "If 'true', the output is indented."),
    "previous": ("boolean", "The log of the previous, terminated container."),
    "propagationPolicy": ("string", "What becomes of dependents: Orphan, Background, Foreground."),
    "resourceVersion": ("string", "The version that the answer must not be older than."),
    "resourceVersionMatch": ("string", "How resourceVersion is applied to a list."),
    "sendInitialEvents": ("boolean", "Begin a watch with the objects that exist."),
    "shardSelector": ("string", "Restricts the objects to a shard of them."),
    "sinceSeconds": ("integer", "How far back the log goes, in seconds."),
    "stderr": ("boolean", "Whether to stream standard error."),
    "stdin": ("boolean", "Whether to stream standard input."),
    "stdout": ("boolean", "Whether to stream standard output."),
    "stream": ("string", "Which stream of the container's log to answer with."),
    "tailLines": ("integer", "The number of lines from the end of the log."),
    "timeoutSeconds": ("integer", "How long a list or watch may take."),
    "timestamps": ("boolean", "Whether each line of the log starts with its time."),
    "tty": ("boolean", "Whether a terminal is allocated."),
    "watch": ("boolean", "Answer with changes instead of a list."),
}

PATH_PARAMETERS: dict[str, str] = {
    "name": "name of the {kind}",
    "namespace": "object name and auth scope, such as for teams and projects",
    "path": "path to the resource",
}
