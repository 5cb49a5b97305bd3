using System.Net;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Mlops.Platform.Aws.Access;

namespace Mlops.Platform.Aws.Tests;

/// <summary>The SDK gives no way to hand over a hash: should another version of it compute its own again, uploads take twice as long and nothing else shows it.</summary>
public sealed class HashedS3ClientTests
{
    /// <summary>One that nobody computes.</summary>
    private static readonly byte[] Given = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private readonly Wire wire = new();

    [Fact]
    public async Task The_checksum_of_an_object_is_the_hash_that_is_signed()
    {
        using var client = Client();
        using var content = new MemoryStream("content"u8.ToArray());

        await client.PutObjectAsync(new PutObjectRequest { BucketName = "bucket", Key = "key", InputStream = content, ChecksumSHA256 = Convert.ToBase64String(Given), UseChunkEncoding = false });

        Assert.Equal(Convert.ToHexStringLower(Given), wire.Hash);
    }

    [Fact]
    public async Task The_checksum_of_a_part_is_the_hash_that_is_signed()
    {
        using var client = Client();
        using var content = new MemoryStream("content"u8.ToArray());

        await client.UploadPartAsync(new UploadPartRequest { BucketName = "bucket", Key = "key", UploadId = "upload", PartNumber = 1, PartSize = 7, InputStream = content, ChecksumSHA256 = Convert.ToBase64String(Given), UseChunkEncoding = false });

        Assert.Equal(Convert.ToHexStringLower(Given), wire.Hash);
    }

    private HashedS3Client Client() => new(new BasicAWSCredentials("testing", "testing"), new AmazonS3Config { RegionEndpoint = RegionEndpoint.USEast1, HttpClientFactory = wire, ForcePathStyle = true });

    /// <summary>Takes every request, and sends none.</summary>
    private sealed class Wire : HttpClientFactory
    {
        public string? Hash { get; private set; }

        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => new(new Taker(this));

        private sealed class Taker(Wire wire) : HttpMessageHandler
        {
            protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
            {
                wire.Hash = request.Headers.GetValues("x-amz-content-sha256").Single();
                return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("") });
            }
        }
    }
}
