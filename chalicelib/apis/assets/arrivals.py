"""The file of a request: a file in the body, or a finished upload that stands for one."""

from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.apis.assets.models import Asset
from chalicelib.apis.assets.parameters import Changes
from chalicelib.errors import ValidationFailed
from chalicelib.files import names, receiving
from chalicelib.files.models import File
from chalicelib.identity import Principal
from chalicelib.rows import Step


@dataclass(slots=True)
class Arrival:
    """The file of a request: stored once, however often the change has to be tried."""

    principal: Principal
    owner: str
    changes: Changes
    stored: tuple[File, list[Step]] | None = None

    def wanted(self) -> bool:
        """Whether the request brings a file at all."""
        return self.changes.file is not None or self.changes.upload is not None

    def broken_rules(self, old: Asset | None) -> Iterator[str]:
        """The sentences of the rules about files that the request breaks. `old` is None when an asset is created."""
        changes = self.changes
        if changes.unreadable_file or (old is None and not self.wanted()):
            yield "File can't be blank"
        if changes.file is not None and changes.upload is not None:
            yield "Upload cannot be given together with a file"

    def take(self, given_content_type: str | None) -> tuple[File, list[Step]]:
        """The File and the steps that write it and the reference to it.

        Raises:
            ValidationFailed: there is no such upload.
        """
        if self.changes.upload is not None:
            try:
                return receiving.use_upload(self.changes.upload, owner=self.owner, uploader=self.principal.uid)
            except receiving.UploadUnknown:
                raise ValidationFailed(details=["Upload not found"]) from None
        if self.stored is None:
            assert self.changes.file is not None
            name = names.clean(self.changes.file.filename)
            self.stored = receiving.receive(
                self.changes.file.content,
                name=name,
                content_type=given_content_type or names.content_type_of(name),
                owner=self.owner,
                uploader=self.principal.uid,
            )
        return self.stored
