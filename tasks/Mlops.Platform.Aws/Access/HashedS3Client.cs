using System.Runtime.CompilerServices;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.S3;
using Amazon.S3.Model;

namespace Mlops.Platform.Aws.Access;

/// <summary>S3, where the checksum of what is sent is its hash in the signature, too: it is computed once.</summary>
internal sealed class HashedS3Client(AWSCredentials credentials, AmazonS3Config config) : AmazonS3Client(credentials, config)
{
    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        base.CustomizeRuntimePipeline(pipeline);
        pipeline.AddHandlerBefore<Signer>(new KnownHash());
    }

    /// <summary>
    /// The signer reads the whole body where the request has no hash of it; a header with one is taken away before, and the SDK lets nobody set the field. (Without a
    /// signature of the body there would be none to compute, but over https alone.)
    /// </summary>
    private sealed class KnownHash : PipelineHandler
    {
        public override Task<T> InvokeAsync<T>(IExecutionContext executionContext)
        {
            var checksum = executionContext.RequestContext.OriginalRequest switch { PutObjectRequest put => put.ChecksumSHA256, UploadPartRequest part => part.ChecksumSHA256, _ => null };
            if (checksum is not null && executionContext.RequestContext.Request is DefaultRequest { ContentStream: not null } request)
                HashOf(request) = Convert.ToHexStringLower(Convert.FromBase64String(checksum));
            return base.InvokeAsync<T>(executionContext);
        }

        [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "contentStreamHash")]
        private static extern ref string? HashOf(DefaultRequest request);
    }
}
