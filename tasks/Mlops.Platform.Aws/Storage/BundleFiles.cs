using System.Formats.Tar;
using System.IO.Compression;
using Mlops.Definitions;

namespace Mlops.Platform.Aws.Storage;

/// <summary>What of a bundle goes to S3: its files, or the one archive that script mode wants.</summary>
internal static class BundleFiles
{
    public const string ArchiveName = "sourcedir.tar.gz";

    public static async Task<IReadOnlyList<UploadFile>> ReadAsync(SourceBundle bundle, string tarFile, CancellationToken cancellation)
    {
        await using var file = File.OpenRead(tarFile);
        if (bundle.Archive)
        {
            using var archive = new MemoryStream();
            await using (var gzip = new GZipStream(archive, CompressionLevel.Optimal, leaveOpen: true))
                await file.CopyToAsync(gzip, cancellation);
            return [UploadFile.Of($"{bundle.Key}/{ArchiveName}", archive.ToArray())];
        }

        var files = new List<UploadFile>();
        await using var tar = new TarReader(file);
        while (await tar.GetNextEntryAsync(copyData: false, cancellation) is { } entry)
        {
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile))
                continue;
            using var content = new MemoryStream();
            if (entry.DataStream is { } data)
                await data.CopyToAsync(content, cancellation);
            files.Add(UploadFile.Of($"{bundle.Key}/{entry.Name}", content.ToArray()));
        }

        return files;
    }
}
