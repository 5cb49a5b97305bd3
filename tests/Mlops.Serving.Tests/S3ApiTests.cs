using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Mlops.Serving.Storage;

namespace Mlops.Serving.Tests;

/// <summary>S3 over a folder, asked by AWS's own clients.</summary>
public sealed class S3ApiTests : IAsyncLifetime, IDisposable
{
    private const string AccessKey = "LOCALTEST";

    private readonly TemporaryFolder folder = TestFolder.Temporary();
    private WebApplication server = null!;

    public async Task InitializeAsync()
    {
        var api = new S3Api(folder.File("s3"), folder.File("uploads"), AccessKey);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k =>
        {
            k.Listen(IPAddress.Loopback, 0);
            k.Limits.MaxRequestBodySize = null;
        });
        server = builder.Build();
        server.Run(api.InvokeAsync);
        await server.StartAsync();
    }

    [SkippableTheory]
    [InlineData("objects", """
        s3.create_bucket(Bucket='b')
        assert s3.head_bucket(Bucket='b')
        assert [b['Name'] for b in s3.list_buckets()['Buckets']] == ['b']
        s3.put_object(Bucket='b', Key='a/ü +%.txt', Body=b'hello world')
        assert s3.get_object(Bucket='b', Key='a/ü +%.txt')['Body'].read() == b'hello world'
        assert s3.get_object(Bucket='b', Key='a/ü +%.txt', Range='bytes=6-')['Body'].read() == b'world'
        head = s3.head_object(Bucket='b', Key='a/ü +%.txt')
        assert head['ContentLength'] == 11, head
        s3.copy_object(Bucket='b', Key='copy/x', CopySource={'Bucket': 'b', 'Key': 'a/ü +%.txt'})
        assert s3.get_object(Bucket='b', Key='copy/x')['Body'].read() == b'hello world'
        s3.put_object(Bucket='b', Key='copy/empty', Body=b'')
        s3.delete_object(Bucket='b', Key='copy/x')
        s3.delete_object(Bucket='b', Key='copy/x')
        assert [o['Key'] for o in s3.list_objects_v2(Bucket='b')['Contents']] == ['a/ü +%.txt', 'copy/empty']
        """)]
    [InlineData("pages", """
        s3.create_bucket(Bucket='b')
        for i in range(25): s3.put_object(Bucket='b', Key=f'in/{i:02}/part', Body=b'x')
        s3.put_object(Bucket='b', Key='in/z', Body=b'x')
        pages = list(s3.get_paginator('list_objects_v2').paginate(Bucket='b', Prefix='in/', Delimiter='/', PaginationConfig={'PageSize': 10}))
        assert len(pages) == 3
        assert [p['Prefix'] for g in pages for p in g.get('CommonPrefixes', [])] == [f'in/{i:02}/' for i in range(25)]
        assert [o['Key'] for g in pages for o in g.get('Contents', [])] == ['in/z']
        assert len(list(boto3.resource('s3').Bucket('b').objects.filter(Prefix='in/0'))) == 10
        assert s3.list_objects(Bucket='b', Prefix='in/2', MaxKeys=2)['IsTruncated']
        s3.delete_objects(Bucket='b', Delete={'Objects': [{'Key': f'in/{i:02}/part'} for i in range(25)]})
        assert s3.list_objects_v2(Bucket='b')['KeyCount'] == 1
        """)]
    [InlineData("multipart", """
        import io, os
        from boto3.s3.transfer import TransferConfig
        data = os.urandom(20_000_000)
        s3.create_bucket(Bucket='b')
        s3.upload_fileobj(io.BytesIO(data), 'b', 'big', Config=TransferConfig(multipart_threshold=5_000_000, multipart_chunksize=6_000_000))
        back = io.BytesIO()
        s3.download_fileobj('b', 'big', back, Config=TransferConfig(multipart_threshold=5_000_000, multipart_chunksize=6_000_000))
        assert back.getvalue() == data
        s3.copy({'Bucket': 'b', 'Key': 'big'}, 'b', 'copied', Config=TransferConfig(multipart_threshold=5_000_000, multipart_chunksize=6_000_000))
        assert s3.get_object(Bucket='b', Key='copied')['Body'].read() == data
        upload = s3.create_multipart_upload(Bucket='b', Key='never')['UploadId']
        s3.upload_part(Bucket='b', Key='never', UploadId=upload, PartNumber=1, Body=b'x')
        assert [p['PartNumber'] for p in s3.list_parts(Bucket='b', Key='never', UploadId=upload)['Parts']] == [1]
        s3.abort_multipart_upload(Bucket='b', Key='never', UploadId=upload)
        refused('NoSuchUpload', lambda: s3.upload_part(Bucket='b', Key='never', UploadId=upload, PartNumber=1, Body=b'x'))
        """)]
    [InlineData("refusals", """
        refused('404', lambda: s3.head_bucket(Bucket='none'))
        refused('NoSuchBucket', lambda: s3.put_object(Bucket='none', Key='k', Body=b''))
        s3.create_bucket(Bucket='b')
        refused('NoSuchKey', lambda: s3.get_object(Bucket='b', Key='k'))
        refused('404', lambda: s3.head_object(Bucket='b', Key='k'))
        s3.put_object(Bucket='b', Key='k', Body=b'1')
        refused('InvalidRequest', lambda: s3.put_object(Bucket='b', Key='k/below', Body=b''))
        s3.put_object(Bucket='b', Key='folder/x', Body=b'1')
        refused('InvalidRequest', lambda: s3.put_object(Bucket='b', Key='folder', Body=b''))
        refused('InvalidArgument', lambda: s3.put_object(Bucket='b', Key='a/../../../out', Body=b''))
        refused('InvalidArgument', lambda: s3.put_object(Bucket='b', Key='a//b', Body=b''))
        refused('PreconditionFailed', lambda: s3.put_object(Bucket='b', Key='k', Body=b'2', IfNoneMatch='*'))
        refused('NotImplemented', lambda: s3.put_object(Bucket='b', Key='k', Body=b'2', IfMatch='"x"'))
        refused('NotImplemented', lambda: s3.get_bucket_policy(Bucket='b'))
        refused('BucketNotEmpty', lambda: s3.delete_bucket(Bucket='b'))
        refused('AccessDenied', lambda: boto3.client('s3', aws_access_key_id='OTHER', aws_secret_access_key='x').list_buckets())
        import urllib.request
        assert urllib.request.urlopen(s3.generate_presigned_url('get_object', Params={'Bucket': 'b', 'Key': 'k'})).read() == b'1'
        """)]
    public void Boto3_finds_S3_as_it_knows_it(string what, string script)
    {
        Skip.IfNot(Conformance.HasPython("boto3"), "boto3 is not installed.");
        const string Start = """
            import boto3, botocore
            s3 = boto3.client('s3')
            def refused(code, call):
                try: call()
                except botocore.exceptions.ClientError as e: assert e.response['Error']['Code'] == code, e
                else: raise AssertionError('not refused: ' + code)

            """;

        var (exitCode, output) = Run("python3", "-c", Start + script);

        Assert.True(exitCode == 0, $"{what}: {output}");
        Assert.Empty(Directory.Exists(folder.File("uploads")) ? Directory.GetFileSystemEntries(folder.File("uploads")) : []);
    }

    [SkippableFact]
    public void The_AWS_CLI_syncs_a_folder_there_and_back()
    {
        Skip.If(Run("aws", "--version").ExitCode != 0, "The AWS CLI is not installed.");
        folder.Write("from/a.txt", "a");
        folder.Write("from/deep/b.txt", "b");
        Directory.CreateDirectory(folder.File("s3/bucket"));

        foreach (var arguments in new[] { new[] { "s3", "sync", folder.File("from"), "s3://bucket/x" }, ["s3", "sync", "s3://bucket/x", folder.File("to")], ["s3", "mv", "s3://bucket/x/a.txt", "s3://bucket/y/a.txt"] })
        {
            var (exitCode, output) = Run("aws", arguments);
            Assert.True(exitCode == 0, output);
        }

        Assert.Equal("b", File.ReadAllText(folder.File("to/deep/b.txt")));
        Assert.Equal("a", File.ReadAllText(folder.File("s3/bucket/y/a.txt")));
        Assert.False(File.Exists(folder.File("s3/bucket/x/a.txt")));
    }

    [Fact]
    public async Task Whoever_shows_no_key_of_the_run_gets_nothing()
    {
        folder.Write("s3/bucket/secret.txt", "planted");
        using var client = new HttpClient();

        using var response = await client.GetAsync(new Uri(server.Urls.Single() + "/bucket/secret.txt"));

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.DoesNotContain("planted", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    public async Task DisposeAsync() => await server.DisposeAsync();

    public void Dispose() => folder.Dispose();

    private (int ExitCode, string Output) Run(string program, params string[] arguments) => Conformance.Run(program, arguments, start =>
    {
        start.Environment["AWS_ENDPOINT_URL_S3"] = server.Urls.Single();
        start.Environment["AWS_ACCESS_KEY_ID"] = AccessKey;
        start.Environment["AWS_SECRET_ACCESS_KEY"] = "secret";
        start.Environment["AWS_DEFAULT_REGION"] = "us-east-1";
    });
}
