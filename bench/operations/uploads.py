"""The operations of the uploads API."""

from bench.operations.building import Names, Operation, Requests
from bench.stage import Stage
from chalicelib import aws


def begun(stage: Stage) -> Names:
    """An upload in parts of which one has arrived."""
    made = stage.sent("POST", "/s3/multipart", json={"filename": "a.bin", "size": 5}).json()
    request = {"Bucket": made["bucket"], "Key": made["key"], "UploadId": made["uploadId"]}
    etag = aws.s3().upload_part(**request, PartNumber=1, Body=b"hello")["ETag"]
    return {"id": made["uploadId"], "key": made["key"], "etag": etag}


_request = Requests("uploads")
OPERATIONS: list[Operation] = [
    _request("begin by form", "GET", "/s3/params?filename=a.txt&size=5"),
    _request("begin by form, asked by HEAD", "HEAD", "/s3/params", status=405),
    _request("begin in parts", "POST", "/s3/multipart", json={"filename": "a.bin"}),
    _request("sign a part", "GET", "/s3/multipart/<id>/1?key=<key>", begun),
    _request("sign three parts", "GET", "/s3/multipart/<id>/batch?key=<key>&partNumbers=1,2,3", begun),
    _request("the parts that arrived", "GET", "/s3/multipart/<id>?key=<key>", begun),
    _request(
        "complete", "POST", "/s3/multipart/<id>/complete?key=<key>", begun,
        json={"parts": [{"PartNumber": 1, "ETag": "<etag>"}]},
    ),
    _request("abort", "DELETE", "/s3/multipart/<id>?key=<key>", begun),
]  # fmt: skip
