using Amazon.S3;
using Amazon.S3.Model;

namespace Mlops.Platform.Aws.Storage;

/// <summary>What is written is encrypted with the configured key (aws.kms_key), by whichever request. Null: with the bucket's own.</summary>
internal static class KmsEncryption
{
    public static PutObjectRequest EncryptedWith(this PutObjectRequest request, string? key)
    {
        if (key is not null)
            (request.ServerSideEncryptionMethod, request.ServerSideEncryptionKeyManagementServiceKeyId) = (ServerSideEncryptionMethod.AWSKMS, key);
        return request;
    }

    public static CopyObjectRequest EncryptedWith(this CopyObjectRequest request, string? key)
    {
        if (key is not null)
            (request.ServerSideEncryptionMethod, request.ServerSideEncryptionKeyManagementServiceKeyId) = (ServerSideEncryptionMethod.AWSKMS, key);
        return request;
    }

    public static InitiateMultipartUploadRequest EncryptedWith(this InitiateMultipartUploadRequest request, string? key)
    {
        if (key is not null)
            (request.ServerSideEncryptionMethod, request.ServerSideEncryptionKeyManagementServiceKeyId) = (ServerSideEncryptionMethod.AWSKMS, key);
        return request;
    }
}
