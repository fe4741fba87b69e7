"""Copies of clean Files whose bytes go to a bucket of their own, inside S3, never through this process.

A run is what copies in one go. A copy's id is made from run and path, its key from that and the digest: who repeats a
copy writes the same bytes to the same place. Bytes come first, then the caller's transaction with the File; what a dead
worker left without one lies below the run's own prefix, where `making.unmake` finds it.

IAM actions: library (or the bucket of the original) s3:GetObject; target bucket s3:PutObject, s3:AbortMultipartUpload,
s3:ListBucket, s3:ListBucketMultipartUploads, s3:ListMultipartUploadParts, s3:DeleteObject.
"""

from dataclasses import dataclass

from chalicelib import clock
from chalicelib.files import library, making, names
from chalicelib.files.models import File, Verdict


@dataclass(frozen=True, slots=True)
class Original:
    """A clean File as whoever refers to it knows it: the path it has there, and its library key, size in bytes, type
    and SHA-256.
    """

    path: str
    library_key: str
    size: int
    content_type: str
    sha256: str | None


def duplicate(run_id: str, original: Original, bucket: str, *, resumed: bool) -> File:
    """Copy bytes into a bucket. Returns the File that has them, which is not written yet and has no owner.

    Args:
        resumed: another attempt may have copied them already: they are looked for, and copied only if they are not
            there; what it copied of an original that is another by now is deleted.

    Raises:
        objects.Missing: the bytes of the original are gone.
    """
    file = File.at(making.file_id_of(run_id, original.path))
    file.name, file.content_type = names.clean(original.path), original.content_type
    file.size, file.sha256 = original.size, original.sha256
    file.created_at, file.attempts = clock.now(), 0
    file.verdict, file.settled = Verdict.CLEAN.value, True
    key = library.key_for(file.file_id, original.sha256 or original.library_key)
    file.library_key = library.placed(bucket, key)
    there = list(library.keys_of(f"{file.file_id}/", bucket)) if resumed else []
    library.discard_each([other for other in there if other != file.library_key])
    if file.library_key not in there:
        library.duplicate(original.library_key, file.library_key, size=file.size, content_type=file.content_type)
    return file
