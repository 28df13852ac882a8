"""Requests to an application in this process, without a socket."""

from __future__ import annotations

import asyncio

import httpx
from fastapi import FastAPI


def ask(app: FastAPI, path: str) -> httpx.Response:
    """The application's answer to GET `path`; redirects are not followed."""

    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(path)

    return asyncio.run(get())
