"""The volumes of pods as messages of field errors show them: declarations as data."""

from __future__ import annotations

from kapi.apimachinery.gostruct import GoStruct, Member, list_of, pointer_to, value_of
from kapi.apis.core.pod_go_structs import OBJECT_FIELD_SELECTOR, RESOURCE_FIELD_SELECTOR

__all__ = ["CLUSTER_TRUST_BUNDLE", "VOLUME"]


def _text(go_name: str) -> Member:
    return go_name, "", None


def _number(go_name: str) -> Member:
    return go_name, 0, None


def _flag(go_name: str) -> Member:
    return go_name, False, None


def _null(go_name: str) -> Member:
    return go_name, None, None


_LOCAL_REFERENCE = GoStruct(name=_text("Name"))
_KEY_TO_PATH = GoStruct(key=_text("Key"), path=_text("Path"), mode=_null("Mode"))
_DOWNWARD_API_FILE = GoStruct(
    path=_text("Path"),
    fieldRef=pointer_to("FieldRef", OBJECT_FIELD_SELECTOR),
    resourceFieldRef=pointer_to("ResourceFieldRef", RESOURCE_FIELD_SELECTOR),
    mode=_null("Mode"),
)
_REFERENCE_PROJECTION = GoStruct(
    name=_text("Name"), items=list_of("Items", _KEY_TO_PATH), optional=_null("Optional")
)
_TOKEN_PROJECTION = GoStruct(
    audience=_text("Audience"),
    expirationSeconds=_number("ExpirationSeconds"),
    path=_text("Path"),
)
CLUSTER_TRUST_BUNDLE = GoStruct(
    name=_null("Name"),
    signerName=_null("SignerName"),
    labelSelector=_null("LabelSelector"),
    optional=_null("Optional"),
    path=_text("Path"),
)
_POD_CERTIFICATE = GoStruct(
    signerName=_text("SignerName"),
    keyType=_text("KeyType"),
    maxExpirationSeconds=_null("MaxExpirationSeconds"),
    credentialBundlePath=_text("CredentialBundlePath"),
    keyPath=_text("KeyPath"),
    certificateChainPath=_text("CertificateChainPath"),
    userAnnotations=_null("UserAnnotations"),
)
_PROJECTION = GoStruct(
    secret=pointer_to("Secret", _REFERENCE_PROJECTION),
    downwardAPI=pointer_to("DownwardAPI", GoStruct(items=list_of("Items", _DOWNWARD_API_FILE))),
    configMap=pointer_to("ConfigMap", _REFERENCE_PROJECTION),
    serviceAccountToken=pointer_to("ServiceAccountToken", _TOKEN_PROJECTION),
    clusterTrustBundle=pointer_to("ClusterTrustBundle", CLUSTER_TRUST_BUNDLE),
    podCertificate=pointer_to("PodCertificate", _POD_CERTIFICATE),
)
_CLAIM_SPEC = GoStruct(
    accessModes=_null("AccessModes"),
    selector=_null("Selector"),
    resources=value_of("Resources", GoStruct(limits=_null("Limits"), requests=_null("Requests"))),
    volumeName=_text("VolumeName"),
    storageClassName=_null("StorageClassName"),
    volumeMode=_null("VolumeMode"),
    dataSource=pointer_to(
        "DataSource",
        GoStruct(apiGroup=_null("APIGroup"), kind=_text("Kind"), name=_text("Name")),
    ),
    dataSourceRef=pointer_to(
        "DataSourceRef",
        GoStruct(
            apiGroup=_null("APIGroup"),
            kind=_text("Kind"),
            name=_text("Name"),
            namespace=_null("Namespace"),
        ),
    ),
    volumeAttributesClassName=_null("VolumeAttributesClassName"),
)
_CLAIM_TEMPLATE = GoStruct(spec=value_of("Spec", _CLAIM_SPEC))

VOLUME = GoStruct(
    name=_text("Name"),
    hostPath=pointer_to("HostPath", GoStruct(path=_text("Path"), type=_null("Type"))),
    emptyDir=pointer_to("EmptyDir", GoStruct(medium=_text("Medium"), sizeLimit=_null("SizeLimit"))),
    gcePersistentDisk=pointer_to(
        "GCEPersistentDisk",
        GoStruct(
            pdName=_text("PDName"),
            fsType=_text("FSType"),
            partition=_number("Partition"),
            readOnly=_flag("ReadOnly"),
        ),
    ),
    awsElasticBlockStore=pointer_to(
        "AWSElasticBlockStore",
        GoStruct(
            volumeID=_text("VolumeID"),
            fsType=_text("FSType"),
            partition=_number("Partition"),
            readOnly=_flag("ReadOnly"),
        ),
    ),
    gitRepo=pointer_to(
        "GitRepo",
        GoStruct(
            repository=_text("Repository"),
            revision=_text("Revision"),
            directory=_text("Directory"),
        ),
    ),
    secret=pointer_to(
        "Secret",
        GoStruct(
            secretName=_text("SecretName"),
            items=list_of("Items", _KEY_TO_PATH),
            defaultMode=_null("DefaultMode"),
            optional=_null("Optional"),
        ),
    ),
    nfs=pointer_to(
        "NFS",
        GoStruct(server=_text("Server"), path=_text("Path"), readOnly=_flag("ReadOnly")),
    ),
    iscsi=pointer_to(
        "ISCSI",
        GoStruct(
            targetPortal=_text("TargetPortal"),
            iqn=_text("IQN"),
            lun=_number("Lun"),
            iscsiInterface=_text("ISCSIInterface"),
            fsType=_text("FSType"),
            readOnly=_flag("ReadOnly"),
            portals=_null("Portals"),
            chapAuthDiscovery=_flag("DiscoveryCHAPAuth"),
            chapAuthSession=_flag("SessionCHAPAuth"),
            secretRef=pointer_to("SecretRef", _LOCAL_REFERENCE),
            initiatorName=_null("InitiatorName"),
        ),
    ),
    glusterfs=pointer_to(
        "Glusterfs",
        GoStruct(endpoints=_text("EndpointsName"), path=_text("Path"), readOnly=_flag("ReadOnly")),
    ),
    persistentVolumeClaim=pointer_to(
        "PersistentVolumeClaim",
        GoStruct(claimName=_text("ClaimName"), readOnly=_flag("ReadOnly")),
    ),
    rbd=pointer_to(
        "RBD",
        GoStruct(
            monitors=_null("CephMonitors"),
            image=_text("RBDImage"),
            fsType=_text("FSType"),
            pool=_text("RBDPool"),
            user=_text("RadosUser"),
            keyring=_text("Keyring"),
            secretRef=pointer_to("SecretRef", _LOCAL_REFERENCE),
            readOnly=_flag("ReadOnly"),
        ),
    ),
    quobyte=pointer_to(
        "Quobyte",
        GoStruct(
            registry=_text("Registry"),
            volume=_text("Volume"),
            readOnly=_flag("ReadOnly"),
            user=_text("User"),
            group=_text("Group"),
            tenant=_text("Tenant"),
        ),
    ),
    flexVolume=pointer_to(
        "FlexVolume",
        GoStruct(
            driver=_text("Driver"),
            fsType=_text("FSType"),
            secretRef=pointer_to("SecretRef", _LOCAL_REFERENCE),
            readOnly=_flag("ReadOnly"),
            options=_null("Options"),
        ),
    ),
    cinder=pointer_to(
        "Cinder",
        GoStruct(
            volumeID=_text("VolumeID"),
            fsType=_text("FSType"),
            readOnly=_flag("ReadOnly"),
            secretRef=pointer_to("SecretRef", _LOCAL_REFERENCE),
        ),
    ),
    cephfs=pointer_to(
        "CephFS",
        GoStruct(
            monitors=_null("Monitors"),
            path=_text("Path"),
            user=_text("User"),
            secretFile=_text("SecretFile"),
            secretRef=pointer_to("SecretRef", _LOCAL_REFERENCE),
            readOnly=_flag("ReadOnly"),
        ),
    ),
    flocker=pointer_to(
        "Flocker",
        GoStruct(datasetName=_text("DatasetName"), datasetUUID=_text("DatasetUUID")),
    ),
    downwardAPI=pointer_to(
        "DownwardAPI",
        GoStruct(items=list_of("Items", _DOWNWARD_API_FILE), defaultMode=_null("DefaultMode")),
    ),
    fc=pointer_to(
        "FC",
        GoStruct(
            targetWWNs=_null("TargetWWNs"),
            lun=_null("Lun"),
            fsType=_text("FSType"),
            readOnly=_flag("ReadOnly"),
            wwids=_null("WWIDs"),
        ),
    ),
    azureFile=pointer_to(
        "AzureFile",
        GoStruct(
            secretName=_text("SecretName"),
            shareName=_text("ShareName"),
            readOnly=_flag("ReadOnly"),
        ),
    ),
    configMap=pointer_to(
        "ConfigMap",
        GoStruct(
            name=_text("Name"),
            items=list_of("Items", _KEY_TO_PATH),
            defaultMode=_null("DefaultMode"),
            optional=_null("Optional"),
        ),
    ),
    vsphereVolume=pointer_to(
        "VsphereVolume",
        GoStruct(
            volumePath=_text("VolumePath"),
            fsType=_text("FSType"),
            storagePolicyName=_text("StoragePolicyName"),
            storagePolicyID=_text("StoragePolicyID"),
        ),
    ),
    azureDisk=pointer_to(
        "AzureDisk",
        GoStruct(
            diskName=_text("DiskName"),
            diskURI=_text("DataDiskURI"),
            cachingMode=_null("CachingMode"),
            fsType=_null("FSType"),
            readOnly=_null("ReadOnly"),
            kind=_null("Kind"),
        ),
    ),
    photonPersistentDisk=pointer_to(
        "PhotonPersistentDisk", GoStruct(pdID=_text("PdID"), fsType=_text("FSType"))
    ),
    projected=pointer_to(
        "Projected",
        GoStruct(sources=list_of("Sources", _PROJECTION), defaultMode=_null("DefaultMode")),
    ),
    portworxVolume=pointer_to(
        "PortworxVolume",
        GoStruct(volumeID=_text("VolumeID"), fsType=_text("FSType"), readOnly=_flag("ReadOnly")),
    ),
    scaleIO=pointer_to(
        "ScaleIO",
        GoStruct(
            gateway=_text("Gateway"),
            system=_text("System"),
            secretRef=pointer_to("SecretRef", _LOCAL_REFERENCE),
            sslEnabled=_flag("SSLEnabled"),
            protectionDomain=_text("ProtectionDomain"),
            storagePool=_text("StoragePool"),
            storageMode=_text("StorageMode"),
            volumeName=_text("VolumeName"),
            fsType=_text("FSType"),
            readOnly=_flag("ReadOnly"),
        ),
    ),
    storageos=pointer_to(
        "StorageOS",
        GoStruct(
            volumeName=_text("VolumeName"),
            volumeNamespace=_text("VolumeNamespace"),
            fsType=_text("FSType"),
            readOnly=_flag("ReadOnly"),
            secretRef=pointer_to("SecretRef", _LOCAL_REFERENCE),
        ),
    ),
    csi=pointer_to(
        "CSI",
        GoStruct(
            driver=_text("Driver"),
            readOnly=_null("ReadOnly"),
            fsType=_null("FSType"),
            volumeAttributes=_null("VolumeAttributes"),
            nodePublishSecretRef=pointer_to("NodePublishSecretRef", _LOCAL_REFERENCE),
        ),
    ),
    ephemeral=pointer_to(
        "Ephemeral",
        GoStruct(volumeClaimTemplate=pointer_to("VolumeClaimTemplate", _CLAIM_TEMPLATE)),
    ),
    image=pointer_to(
        "Image", GoStruct(reference=_text("Reference"), pullPolicy=_text("PullPolicy"))
    ),
)
