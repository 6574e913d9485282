"""The structs of pod specs as messages of field errors show them: declarations as data."""

from __future__ import annotations

from kapi.apimachinery.gostruct import GoStruct, list_of, pointer_to, value_of

__all__ = [
    "CONTAINER",
    "EPHEMERAL_CONTAINER",
    "NODE_SELECTOR_TERM",
    "POD_AFFINITY_TERM",
    "POD_RESOURCE_CLAIM",
    "SECCOMP_PROFILE",
    "SECURITY_CONTEXT",
    "SECURITY_CONTEXT_MEMBERS",
    "TOLERATION",
    "VOLUME_MOUNT",
]

_NULL = None
_TEXT = ""

_SELINUX_OPTIONS = GoStruct(
    user=("User", _TEXT, None),
    role=("Role", _TEXT, None),
    type=("Type", _TEXT, None),
    level=("Level", _TEXT, None),
)
_WINDOWS_OPTIONS = GoStruct(
    gmsaCredentialSpecName=("GMSACredentialSpecName", _NULL, None),
    gmsaCredentialSpec=("GMSACredentialSpec", _NULL, None),
    runAsUserName=("RunAsUserName", _NULL, None),
    hostProcess=("HostProcess", _NULL, None),
)
SECCOMP_PROFILE = GoStruct(
    type=("Type", _TEXT, None), localhostProfile=("LocalhostProfile", _NULL, None)
)
_APP_ARMOR_PROFILE = GoStruct(
    type=("Type", _TEXT, None), localhostProfile=("LocalhostProfile", _NULL, None)
)
_CAPABILITIES = GoStruct(add=("Add", _NULL, None), drop=("Drop", _NULL, None))
SECURITY_CONTEXT = GoStruct(
    capabilities=pointer_to("Capabilities", _CAPABILITIES),
    privileged=("Privileged", _NULL, None),
    seLinuxOptions=pointer_to("SELinuxOptions", _SELINUX_OPTIONS),
    windowsOptions=pointer_to("WindowsOptions", _WINDOWS_OPTIONS),
    runAsUser=("RunAsUser", _NULL, None),
    runAsGroup=("RunAsGroup", _NULL, None),
    runAsNonRoot=("RunAsNonRoot", _NULL, None),
    readOnlyRootFilesystem=("ReadOnlyRootFilesystem", _NULL, None),
    allowPrivilegeEscalation=("AllowPrivilegeEscalation", _NULL, None),
    procMount=("ProcMount", _NULL, None),
    seccompProfile=pointer_to("SeccompProfile", SECCOMP_PROFILE),
    appArmorProfile=pointer_to("AppArmorProfile", _APP_ARMOR_PROFILE),
)
_SYSCTL = GoStruct(name=("Name", _TEXT, None), value=("Value", _TEXT, None))
# The members that the pod's own security context holds; the host namespaces come before them.
SECURITY_CONTEXT_MEMBERS = {
    "hostNetwork": ("HostNetwork", False, None),
    "hostPID": ("HostPID", False, None),
    "hostIPC": ("HostIPC", False, None),
    "shareProcessNamespace": ("ShareProcessNamespace", _NULL, None),
    "hostUsers": ("HostUsers", _NULL, None),
    "seLinuxOptions": pointer_to("SELinuxOptions", _SELINUX_OPTIONS),
    "windowsOptions": pointer_to("WindowsOptions", _WINDOWS_OPTIONS),
    "runAsUser": ("RunAsUser", _NULL, None),
    "runAsGroup": ("RunAsGroup", _NULL, None),
    "runAsNonRoot": ("RunAsNonRoot", _NULL, None),
    "supplementalGroups": ("SupplementalGroups", _NULL, None),
    "supplementalGroupsPolicy": ("SupplementalGroupsPolicy", _NULL, None),
    "fsGroup": ("FSGroup", _NULL, None),
    "fsGroupChangePolicy": ("FSGroupChangePolicy", _NULL, None),
    "sysctls": list_of("Sysctls", _SYSCTL),
    "seccompProfile": pointer_to("SeccompProfile", SECCOMP_PROFILE),
    "appArmorProfile": pointer_to("AppArmorProfile", _APP_ARMOR_PROFILE),
    "seLinuxChangePolicy": ("SELinuxChangePolicy", _NULL, None),
}

_CONTAINER_PORT = GoStruct(
    name=("Name", _TEXT, None),
    hostPort=("HostPort", 0, None),
    containerPort=("ContainerPort", 0, None),
    protocol=("Protocol", _TEXT, None),
    hostIP=("HostIP", _TEXT, None),
)
OBJECT_FIELD_SELECTOR = GoStruct(
    apiVersion=("APIVersion", _TEXT, None), fieldPath=("FieldPath", _TEXT, None)
)
RESOURCE_FIELD_SELECTOR = GoStruct(
    containerName=("ContainerName", _TEXT, None),
    resource=("Resource", _TEXT, None),
    divisor=("Divisor", "0", None),
)
_KEY_SELECTOR = GoStruct(
    name=("Name", _TEXT, None), key=("Key", _TEXT, None), optional=("Optional", _NULL, None)
)
_FILE_KEY_SELECTOR = GoStruct(
    volumeName=("VolumeName", _TEXT, None),
    path=("Path", _TEXT, None),
    key=("Key", _TEXT, None),
    optional=("Optional", _NULL, None),
)
_ENV_VAR_SOURCE = GoStruct(
    fieldRef=pointer_to("FieldRef", OBJECT_FIELD_SELECTOR),
    resourceFieldRef=pointer_to("ResourceFieldRef", RESOURCE_FIELD_SELECTOR),
    configMapKeyRef=pointer_to("ConfigMapKeyRef", _KEY_SELECTOR),
    secretKeyRef=pointer_to("SecretKeyRef", _KEY_SELECTOR),
    fileKeyRef=pointer_to("FileKeyRef", _FILE_KEY_SELECTOR),
)
_ENV_VAR = GoStruct(
    name=("Name", _TEXT, None),
    value=("Value", _TEXT, None),
    valueFrom=pointer_to("ValueFrom", _ENV_VAR_SOURCE),
)
_ENV_SOURCE = GoStruct(name=("Name", _TEXT, None), optional=("Optional", _NULL, None))
_ENV_FROM_SOURCE = GoStruct(
    prefix=("Prefix", _TEXT, None),
    configMapRef=pointer_to("ConfigMapRef", _ENV_SOURCE),
    secretRef=pointer_to("SecretRef", _ENV_SOURCE),
)
_RESOURCE_CLAIM = GoStruct(name=("Name", _TEXT, None), request=("Request", _TEXT, None))
RESOURCE_REQUIREMENTS = GoStruct(
    limits=("Limits", _NULL, None),
    requests=("Requests", _NULL, None),
    claims=list_of("Claims", _RESOURCE_CLAIM),
)
_RESIZE_POLICY = GoStruct(
    resourceName=("ResourceName", _TEXT, None), restartPolicy=("RestartPolicy", _TEXT, None)
)
_EXIT_CODES = GoStruct(operator=("Operator", _TEXT, None), values=("Values", _NULL, None))
_RESTART_RULE = GoStruct(
    action=("Action", _TEXT, None), exitCodes=pointer_to("ExitCodes", _EXIT_CODES)
)
VOLUME_MOUNT = GoStruct(
    name=("Name", _TEXT, None),
    readOnly=("ReadOnly", False, None),
    recursiveReadOnly=("RecursiveReadOnly", _NULL, None),
    mountPath=("MountPath", _TEXT, None),
    subPath=("SubPath", _TEXT, None),
    mountPropagation=("MountPropagation", _NULL, None),
    subPathExpr=("SubPathExpr", _TEXT, None),
)
_VOLUME_DEVICE = GoStruct(name=("Name", _TEXT, None), devicePath=("DevicePath", _TEXT, None))
_EXEC = GoStruct(command=("Command", _NULL, None))
_HTTP_HEADER = GoStruct(name=("Name", _TEXT, None), value=("Value", _TEXT, None))
_HTTP_GET = GoStruct(
    path=("Path", _TEXT, None),
    port=("Port", 0, None),
    host=("Host", _TEXT, None),
    scheme=("Scheme", _TEXT, None),
    httpHeaders=list_of("HTTPHeaders", _HTTP_HEADER),
)
_TCP_SOCKET = GoStruct(port=("Port", 0, None), host=("Host", _TEXT, None))
_GRPC = GoStruct(port=("Port", 0, None), service=("Service", _NULL, None))
_SLEEP = GoStruct(seconds=("Seconds", 0, None))
_PROBE = GoStruct(
    exec=pointer_to("Exec", _EXEC),
    httpGet=pointer_to("HTTPGet", _HTTP_GET),
    tcpSocket=pointer_to("TCPSocket", _TCP_SOCKET),
    grpc=pointer_to("GRPC", _GRPC),
    initialDelaySeconds=("InitialDelaySeconds", 0, None),
    timeoutSeconds=("TimeoutSeconds", 0, None),
    periodSeconds=("PeriodSeconds", 0, None),
    successThreshold=("SuccessThreshold", 0, None),
    failureThreshold=("FailureThreshold", 0, None),
    terminationGracePeriodSeconds=("TerminationGracePeriodSeconds", _NULL, None),
)
_HANDLER = GoStruct(
    exec=pointer_to("Exec", _EXEC),
    httpGet=pointer_to("HTTPGet", _HTTP_GET),
    tcpSocket=pointer_to("TCPSocket", _TCP_SOCKET),
    sleep=pointer_to("Sleep", _SLEEP),
)
_LIFECYCLE = GoStruct(
    postStart=pointer_to("PostStart", _HANDLER),
    preStop=pointer_to("PreStop", _HANDLER),
    stopSignal=("StopSignal", _NULL, None),
)
_CONTAINER_MEMBERS = {
    "name": ("Name", _TEXT, None),
    "image": ("Image", _TEXT, None),
    "command": ("Command", _NULL, None),
    "args": ("Args", _NULL, None),
    "workingDir": ("WorkingDir", _TEXT, None),
    "ports": list_of("Ports", _CONTAINER_PORT),
    "envFrom": list_of("EnvFrom", _ENV_FROM_SOURCE),
    "env": list_of("Env", _ENV_VAR),
    "resources": value_of("Resources", RESOURCE_REQUIREMENTS),
    "resizePolicy": list_of("ResizePolicy", _RESIZE_POLICY),
    "restartPolicy": ("RestartPolicy", _NULL, None),
    "restartPolicyRules": list_of("RestartPolicyRules", _RESTART_RULE),
    "volumeMounts": list_of("VolumeMounts", VOLUME_MOUNT),
    "volumeDevices": list_of("VolumeDevices", _VOLUME_DEVICE),
    "livenessProbe": pointer_to("LivenessProbe", _PROBE),
    "readinessProbe": pointer_to("ReadinessProbe", _PROBE),
    "startupProbe": pointer_to("StartupProbe", _PROBE),
    "lifecycle": pointer_to("Lifecycle", _LIFECYCLE),
    "terminationMessagePath": ("TerminationMessagePath", _TEXT, None),
    "terminationMessagePolicy": ("TerminationMessagePolicy", _TEXT, None),
    "imagePullPolicy": ("ImagePullPolicy", _TEXT, None),
    "securityContext": pointer_to("SecurityContext", SECURITY_CONTEXT),
    "stdin": ("Stdin", False, None),
    "stdinOnce": ("StdinOnce", False, None),
    "tty": ("TTY", False, None),
}
CONTAINER = GoStruct(**_CONTAINER_MEMBERS)
EPHEMERAL_CONTAINER = GoStruct(
    **_CONTAINER_MEMBERS, targetContainerName=("TargetContainerName", _TEXT, None)
)

_NODE_SELECTOR_REQUIREMENT = GoStruct(
    key=("Key", _TEXT, None), operator=("Operator", _TEXT, None), values=("Values", _NULL, None)
)
NODE_SELECTOR_TERM = GoStruct(
    matchExpressions=list_of("MatchExpressions", _NODE_SELECTOR_REQUIREMENT),
    matchFields=list_of("MatchFields", _NODE_SELECTOR_REQUIREMENT),
)
_NODE_SELECTOR = GoStruct(nodeSelectorTerms=list_of("NodeSelectorTerms", NODE_SELECTOR_TERM))
_PREFERRED_TERM = GoStruct(
    weight=("Weight", 0, None), preference=value_of("Preference", NODE_SELECTOR_TERM)
)
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_GO_REQUIRED = "RequiredDuringSchedulingIgnoredDuringExecution"
_GO_PREFERRED = "PreferredDuringSchedulingIgnoredDuringExecution"
_NODE_AFFINITY = GoStruct(
    **{
        _REQUIRED: pointer_to(_GO_REQUIRED, _NODE_SELECTOR),
        _PREFERRED: list_of(_GO_PREFERRED, _PREFERRED_TERM),
    }
)
POD_AFFINITY_TERM = GoStruct(
    labelSelector=("LabelSelector", _NULL, None),
    namespaces=("Namespaces", _NULL, None),
    topologyKey=("TopologyKey", _TEXT, None),
    namespaceSelector=("NamespaceSelector", _NULL, None),
    matchLabelKeys=("MatchLabelKeys", _NULL, None),
    mismatchLabelKeys=("MismatchLabelKeys", _NULL, None),
)
_WEIGHTED_TERM = GoStruct(
    weight=("Weight", 0, None), podAffinityTerm=value_of("PodAffinityTerm", POD_AFFINITY_TERM)
)
_POD_AFFINITY = GoStruct(
    **{
        _REQUIRED: list_of(_GO_REQUIRED, POD_AFFINITY_TERM),
        _PREFERRED: list_of(_GO_PREFERRED, _WEIGHTED_TERM),
    }
)
AFFINITY = GoStruct(
    nodeAffinity=pointer_to("NodeAffinity", _NODE_AFFINITY),
    podAffinity=pointer_to("PodAffinity", _POD_AFFINITY),
    podAntiAffinity=pointer_to("PodAntiAffinity", _POD_AFFINITY),
)
TOLERATION = GoStruct(
    key=("Key", _TEXT, None),
    operator=("Operator", _TEXT, None),
    value=("Value", _TEXT, None),
    effect=("Effect", _TEXT, None),
    tolerationSeconds=("TolerationSeconds", _NULL, None),
)
POD_RESOURCE_CLAIM = GoStruct(
    name=("Name", _TEXT, None),
    resourceClaimName=("ResourceClaimName", _NULL, None),
    resourceClaimTemplateName=("ResourceClaimTemplateName", _NULL, None),
)
