"""Blocks and transactions, as the chain carries them."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from tallystick_node.explorer.index import Index
from tallystick_node.explorer.links import link_page
from tallystick_node.explorer.render import Renderer
from tallystick_node.query_parameters import parse_number, parse_place

PAGE_ROWS: Final = 40
END: Final = 2**62


def add_chain_pages(app: FastAPI, index: Index, renderer: Renderer) -> None:
    """GET /blocks, /blocks/NUMBER, /transactions and /transactions/HASH."""

    @app.get("/blocks", response_class=HTMLResponse)
    def list_blocks(before: str = "") -> HTMLResponse:
        start = parse_number("before", before)
        rows = index.chain.blocks(limit=PAGE_ROWS + 1, before=END if start is None else start)
        has_more = len(rows) > PAGE_ROWS
        older = {"before": rows[PAGE_ROWS - 1]["block"]} if has_more else {}
        return renderer.page(
            "blocks.html",
            rows=rows[:PAGE_ROWS],
            newest_href="/blocks" if before else "",
            older_href=link_page("/blocks", older) if has_more else "",
        )

    @app.get("/blocks/{number}", response_class=HTMLResponse)
    def show_block(number: str) -> HTMLResponse:
        block_number = parse_number("block number", number) or 0
        block = index.chain.block(block_number)
        if block is None:
            raise HTTPException(
                404, f"Block {number} is not in the index: it holds nothing of this network's."
            )
        rows = index.chain.block_transactions(block_number)
        return renderer.page("block.html", block=block, rows=rows)

    @app.get("/transactions", response_class=HTMLResponse)
    def list_transactions(before: str = "") -> HTMLResponse:
        place = parse_place(before) or (END, 0)
        rows = index.chain.transactions(limit=PAGE_ROWS + 1, before=place)
        has_more = len(rows) > PAGE_ROWS
        last = rows[PAGE_ROWS - 1] if has_more else {}
        older = {"before": f"{last['block']}.{last['position']}"} if has_more else {}
        return renderer.page(
            "transactions.html",
            rows=rows[:PAGE_ROWS],
            newest_href="/transactions" if before else "",
            older_href=link_page("/transactions", older) if has_more else "",
        )

    @app.get("/transactions/{tx_hash}", response_class=HTMLResponse)
    def show_transaction(tx_hash: str) -> HTMLResponse:
        transaction = index.chain.transaction(tx_hash.lower())
        if transaction is None:
            raise HTTPException(404, "No transaction to this network's contracts has this hash.")
        return renderer.page("transaction.html", transaction=transaction)
