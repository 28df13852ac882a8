"""An import-linter contract that names what a package may import, instead of what it may not."""

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class OnlyContract(Contract):
    """Keep `source` to its own modules and the outside modules listed in `allowed`."""

    type_name = "only"

    source = fields.StringField()
    allowed = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: FBT001 - inherited
        """Return the check, broken when any module of `source` imports a module not allowed."""
        output.verbose_print(verbose, f"Reading the imports of {self.source}...")
        source = str(self.source)
        inside = {source, *graph.find_descendants(source)}
        strangers = [
            f"{module} imports {imported}"
            for module in sorted(inside)
            for imported in sorted(graph.find_modules_directly_imported_by(module))
            if imported not in inside and imported.partition(".")[0] not in self.allowed
        ]
        return ContractCheck(kept=not strangers, metadata={"strangers": strangers})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print one line for each import that is not allowed."""
        for stranger in check.metadata["strangers"]:
            output.print_error(stranger, bold=False)
