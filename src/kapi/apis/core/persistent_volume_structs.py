"""PersistentVolume and claim: how their structs stand in messages.

Member names and order are those of the Go declarations, which clients know from the messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.gostruct import GoStruct, list_of, pointer_to, value_of

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONValue

__all__ = ["CLAIM_SPEC", "CLAIM_STATUS", "NODE_AFFINITY", "VOLUME_SOURCE"]

_Member = tuple[str, "JSONValue", None]


def _text(name: str) -> _Member:
    return name, "", None


def _number(name: str) -> _Member:
    return name, 0, None


def _flag(name: str) -> _Member:
    return name, False, None


def _optional(name: str) -> _Member:
    return name, None, None


_SECRET = GoStruct(name=_text("Name"), namespace=_text("Namespace"))
_SECRET_REF = pointer_to("SecretRef", _SECRET)
_FS_TYPE = _text("FSType")
_READ_ONLY = _flag("ReadOnly")

_STORAGE_OS_SECRET = GoStruct(
    kind=_text("Kind"),
    namespace=_text("Namespace"),
    name=_text("Name"),
    uid=_text("UID"),
    apiVersion=_text("APIVersion"),
    resourceVersion=_text("ResourceVersion"),
    fieldPath=_text("FieldPath"),
)

VOLUME_SOURCE = GoStruct(
    gcePersistentDisk=pointer_to(
        "GCEPersistentDisk",
        GoStruct(
            pdName=_text("PDName"),
            fsType=_FS_TYPE,
            partition=_number("Partition"),
            readOnly=_READ_ONLY,
        ),
    ),
    awsElasticBlockStore=pointer_to(
        "AWSElasticBlockStore",
        GoStruct(
            volumeID=_text("VolumeID"),
            fsType=_FS_TYPE,
            partition=_number("Partition"),
            readOnly=_READ_ONLY,
        ),
    ),
    hostPath=pointer_to("HostPath", GoStruct(path=_text("Path"), type=_optional("Type"))),
    glusterfs=pointer_to(
        "Glusterfs",
        GoStruct(
            endpoints=_text("EndpointsName"),
            path=_text("Path"),
            readOnly=_READ_ONLY,
            endpointsNamespace=_optional("EndpointsNamespace"),
        ),
    ),
    nfs=pointer_to(
        "NFS", GoStruct(server=_text("Server"), path=_text("Path"), readOnly=_READ_ONLY)
    ),
    rbd=pointer_to(
        "RBD",
        GoStruct(
            monitors=_optional("CephMonitors"),
            image=_text("RBDImage"),
            fsType=_FS_TYPE,
            pool=_text("RBDPool"),
            user=_text("RadosUser"),
            keyring=_text("Keyring"),
            secretRef=_SECRET_REF,
            readOnly=_READ_ONLY,
        ),
    ),
    quobyte=pointer_to(
        "Quobyte",
        GoStruct(
            registry=_text("Registry"),
            volume=_text("Volume"),
            readOnly=_READ_ONLY,
            user=_text("User"),
            group=_text("Group"),
            tenant=_text("Tenant"),
        ),
    ),
    iscsi=pointer_to(
        "ISCSI",
        GoStruct(
            targetPortal=_text("TargetPortal"),
            iqn=_text("IQN"),
            lun=_number("Lun"),
            iscsiInterface=_text("ISCSIInterface"),
            fsType=_FS_TYPE,
            readOnly=_READ_ONLY,
            portals=_optional("Portals"),
            chapAuthDiscovery=_flag("DiscoveryCHAPAuth"),
            chapAuthSession=_flag("SessionCHAPAuth"),
            secretRef=_SECRET_REF,
            initiatorName=_optional("InitiatorName"),
        ),
    ),
    flexVolume=pointer_to(
        "FlexVolume",
        GoStruct(
            driver=_text("Driver"),
            fsType=_FS_TYPE,
            secretRef=_SECRET_REF,
            readOnly=_READ_ONLY,
            options=_optional("Options"),
        ),
    ),
    cinder=pointer_to(
        "Cinder",
        GoStruct(
            volumeID=_text("VolumeID"),
            fsType=_FS_TYPE,
            readOnly=_READ_ONLY,
            secretRef=_SECRET_REF,
        ),
    ),
    cephfs=pointer_to(
        "CephFS",
        GoStruct(
            monitors=_optional("Monitors"),
            path=_text("Path"),
            user=_text("User"),
            secretFile=_text("SecretFile"),
            secretRef=_SECRET_REF,
            readOnly=_READ_ONLY,
        ),
    ),
    fc=pointer_to(
        "FC",
        GoStruct(
            targetWWNs=_optional("TargetWWNs"),
            lun=_optional("Lun"),
            fsType=_FS_TYPE,
            readOnly=_READ_ONLY,
            wwids=_optional("WWIDs"),
        ),
    ),
    flocker=pointer_to(
        "Flocker", GoStruct(datasetName=_text("DatasetName"), datasetUUID=_text("DatasetUUID"))
    ),
    azureFile=pointer_to(
        "AzureFile",
        GoStruct(
            secretName=_text("SecretName"),
            shareName=_text("ShareName"),
            readOnly=_READ_ONLY,
            secretNamespace=_optional("SecretNamespace"),
        ),
    ),
    vsphereVolume=pointer_to(
        "VsphereVolume",
        GoStruct(
            volumePath=_text("VolumePath"),
            fsType=_FS_TYPE,
            storagePolicyName=_text("StoragePolicyName"),
            storagePolicyID=_text("StoragePolicyID"),
        ),
    ),
    azureDisk=pointer_to(
        "AzureDisk",
        GoStruct(
            diskName=_text("DiskName"),
            diskURI=_text("DataDiskURI"),
            cachingMode=_optional("CachingMode"),
            fsType=_optional("FSType"),
            readOnly=_optional("ReadOnly"),
            kind=_optional("Kind"),
        ),
    ),
    photonPersistentDisk=pointer_to(
        "PhotonPersistentDisk", GoStruct(pdID=_text("PdID"), fsType=_FS_TYPE)
    ),
    portworxVolume=pointer_to(
        "PortworxVolume",
        GoStruct(volumeID=_text("VolumeID"), fsType=_FS_TYPE, readOnly=_READ_ONLY),
    ),
    scaleIO=pointer_to(
        "ScaleIO",
        GoStruct(
            gateway=_text("Gateway"),
            system=_text("System"),
            secretRef=_SECRET_REF,
            sslEnabled=_flag("SSLEnabled"),
            protectionDomain=_text("ProtectionDomain"),
            storagePool=_text("StoragePool"),
            storageMode=_text("StorageMode"),
            volumeName=_text("VolumeName"),
            fsType=_FS_TYPE,
            readOnly=_READ_ONLY,
        ),
    ),
    local=pointer_to("Local", GoStruct(path=_text("Path"), fsType=_optional("FSType"))),
    storageos=pointer_to(
        "StorageOS",
        GoStruct(
            volumeName=_text("VolumeName"),
            volumeNamespace=_text("VolumeNamespace"),
            fsType=_FS_TYPE,
            readOnly=_READ_ONLY,
            secretRef=pointer_to("SecretRef", _STORAGE_OS_SECRET),
        ),
    ),
    csi=pointer_to(
        "CSI",
        GoStruct(
            driver=_text("Driver"),
            volumeHandle=_text("VolumeHandle"),
            readOnly=_READ_ONLY,
            fsType=_FS_TYPE,
            volumeAttributes=_optional("VolumeAttributes"),
            controllerPublishSecretRef=pointer_to("ControllerPublishSecretRef", _SECRET),
            nodeStageSecretRef=pointer_to("NodeStageSecretRef", _SECRET),
            nodePublishSecretRef=pointer_to("NodePublishSecretRef", _SECRET),
            controllerExpandSecretRef=pointer_to("ControllerExpandSecretRef", _SECRET),
            nodeExpandSecretRef=pointer_to("NodeExpandSecretRef", _SECRET),
        ),
    ),
)

_REQUIREMENT = GoStruct(key=_text("Key"), operator=_text("Operator"), values=_optional("Values"))
NODE_AFFINITY = GoStruct(
    required=pointer_to(
        "Required",
        GoStruct(
            nodeSelectorTerms=list_of(
                "NodeSelectorTerms",
                GoStruct(
                    matchExpressions=list_of("MatchExpressions", _REQUIREMENT),
                    matchFields=list_of("MatchFields", _REQUIREMENT),
                ),
            )
        ),
    )
)

CLAIM_SPEC = GoStruct(
    accessModes=_optional("AccessModes"),
    selector=_optional("Selector"),
    resources=value_of(
        "Resources", GoStruct(limits=_optional("Limits"), requests=_optional("Requests"))
    ),
    volumeName=_text("VolumeName"),
    storageClassName=_optional("StorageClassName"),
    volumeMode=_optional("VolumeMode"),
    dataSource=pointer_to(
        "DataSource",
        GoStruct(apiGroup=_optional("APIGroup"), kind=_text("Kind"), name=_text("Name")),
    ),
    dataSourceRef=pointer_to(
        "DataSourceRef",
        GoStruct(
            apiGroup=_optional("APIGroup"),
            kind=_text("Kind"),
            name=_text("Name"),
            namespace=_optional("Namespace"),
        ),
    ),
    volumeAttributesClassName=_optional("VolumeAttributesClassName"),
)

CLAIM_STATUS = GoStruct(
    phase=_text("Phase"),
    accessModes=_optional("AccessModes"),
    capacity=_optional("Capacity"),
    conditions=_optional("Conditions"),
    allocatedResources=_optional("AllocatedResources"),
    allocatedResourceStatuses=_optional("AllocatedResourceStatuses"),
    currentVolumeAttributesClassName=_optional("CurrentVolumeAttributesClassName"),
    modifyVolumeStatus=pointer_to(
        "ModifyVolumeStatus",
        GoStruct(
            targetVolumeAttributesClassName=_text("TargetVolumeAttributesClassName"),
            status=_text("Status"),
        ),
    ),
)
