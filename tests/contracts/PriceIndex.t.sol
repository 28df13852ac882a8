// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {PriceIndex} from "../../contracts/PriceIndex.sol";
import {
    Closing,
    IPriceIndex,
    KeptReport,
    PriceReport
} from "../../contracts/interfaces/IPriceIndex.sol";
import {ITariff} from "../../contracts/interfaces/ITariff.sol";
import {Validator} from "../../contracts/interfaces/IValidatorSet.sol";
import {IndexFixture} from "./support/IndexFixture.sol";
import {Log} from "./support/Vm.sol";

/// @title Reports and closings: who counts, when, once; what an epoch gives, and what leaves the index as it is
contract PriceIndexTest is IndexFixture {
    uint256 private constant ORDER =
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    function setUp() external {
        deployIndex();
    }

    // Constructor

    /// @dev I11: 15 % a day is a constant only while no epoch is shorter than a day.
    function test_constructor_revertsWhen_theEpochIsTooShortOrTooLong() external {
        uint64[2] memory lengths = [uint64(1 days) - 1, 7 days + 1];
        for (uint256 i = 0; i < lengths.length; ++i) {
            VM.expectRevert(
                abi.encodeWithSelector(
                    IPriceIndex.EpochLengthInvalid.selector, lengths[i], 1 days, 7 days
                )
            );
            new PriceIndex(address(manager), validators, tariff, lengths[i]);
        }
        assertEq(new PriceIndex(address(manager), validators, tariff, 7 days).epochS(), 7 days);
    }

    /// @dev Between the opening of an epoch and its last closing there is room for the tariff's lead.
    function test_constructor_revertsWhen_theEpochIsShorterThanTwiceTheLead() external {
        ITariff slow = ITariff(deploy("Tariff", abi.encode(address(manager), registry, 2 days)));
        VM.expectRevert(
            abi.encodeWithSelector(IPriceIndex.EpochLengthInvalid.selector, 1 days, 4 days, 7 days)
        );
        new PriceIndex(address(manager), validators, slow, 1 days);
    }

    // Reports: error cases in the order of the checks

    function test_report_revertsWhen_closedByTheGuardian() external {
        manager.setTargetClosed(address(index), true);
        PriceReport memory one = sample(1_000_000);
        bytes memory signature = sign(attesterKey(0), one);
        VM.expectRevert(
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, address(this))
        );
        index.report(one, 0, signature);
    }

    function test_report_revertsWhen_classPriceOrVenuesAreNone() external {
        PriceReport memory one = sample(1_000_000);
        one.indexClass = 0;
        _expectInvalid(one);
        one = sample(999);
        _expectInvalid(one);
        one = sample(1_000_000_001);
        _expectInvalid(one);
        one = sample(1_000_000);
        one.venues = 0;
        _expectInvalid(one);
        send(0, 1000);
        send(1, 1_000_000_000);
    }

    /// @dev T1: a report of another day is none of today's, late or early.
    function test_report_revertsWhen_outOfItsEpoch() external {
        PriceReport memory one = sample(1_000_000);
        bytes memory signature = sign(attesterKey(0), one);
        uint32 epoch = one.epoch;
        nextEpoch();
        _expectNotRunning(epoch);
        index.report(one, 0, signature);
        one = sample(1_000_000);
        one.epoch += 1;
        signature = sign(attesterKey(0), one);
        _expectNotRunning(one.epoch);
        index.report(one, 0, signature);
        one.epoch = type(uint32).max;
        _expectNotRunning(one.epoch);
        index.report(one, 0, "");
    }

    function test_report_revertsWhen_thePricesAreStaleFutureOrOutOfOrder() external {
        uint64 nowS = uint64(block.timestamp);
        uint64 earliestS = startOfS(running() - 1);
        uint64[2][4] memory times = [
            [earliestS - 1, nowS],
            [nowS, nowS - 1],
            [nowS - 60, nowS + 5 minutes + 1],
            [nowS + 5 minutes + 1, nowS + 5 minutes + 1]
        ];
        for (uint256 i = 0; i < times.length; ++i) {
            PriceReport memory one = sample(1_000_000);
            (one.oldestS, one.newestS) = (times[i][0], times[i][1]);
            VM.expectRevert(
                abi.encodeWithSelector(
                    IPriceIndex.ObservationsInvalid.selector,
                    times[i][0],
                    times[i][1],
                    earliestS,
                    nowS + 5 minutes
                )
            );
            index.report(one, 0, "");
        }
        PriceReport memory edge = sample(1_000_000);
        (edge.oldestS, edge.newestS) = (earliestS, nowS + 5 minutes);
        index.report(edge, 0, sign(attesterKey(0), edge));
    }

    /// @dev T18: nobody but a validator reports, and each only as itself.
    function test_report_revertsWhen_signedByAnotherOrNobody() external {
        PriceReport memory one = sample(1_000_000);
        bytes memory strangers = sign(0xBAD, one);
        bytes memory first = sign(attesterKey(0), one);
        _expectForged(0, VM.addr(0xBAD));
        index.report(one, 0, strangers);
        _expectForged(1, VM.addr(attesterKey(0)));
        index.report(one, 1, first);
        _expectForged(4, VM.addr(attesterKey(0)));
        index.report(one, 4, first);
        _expectForged(0, address(0));
        index.report(one, 0, "");
        _expectForged(0, address(0));
        index.report(one, 0, new bytes(65));
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(attesterKey(0), index.reportDigest(one));
        _expectForged(0, address(0));
        index.report(one, 0, abi.encodePacked(r, ORDER - uint256(s), v == 27 ? 28 : 27));
    }

    /// @dev Every field is under the signature, and so are the network and the contract.
    function test_report_revertsWhen_aFieldDiffersFromWhatWasSigned() external {
        bytes memory signature = sign(attesterKey(0), sample(1_000_000));
        for (uint256 i = 0; i < 7; ++i) {
            PriceReport memory one = sample(1_000_000);
            if (i == 0) one.indexClass = "a100";
            if (i == 1) one.valuePpm += 1;
            if (i == 2) one.spreadPpm += 1;
            if (i == 3) one.venues += 1;
            if (i == 4) one.oldestS += 1;
            if (i == 5) one.newestS += 1;
            if (i == 6) one.inputHash = 0;
            assertTrue(_isRefused(one, signature), "a changed report was accepted");
        }
        PriceIndex other = PriceIndex(
            deploy("PriceIndex", abi.encode(address(manager), validators, tariff, EPOCH_S))
        );
        (uint8 v, bytes32 r, bytes32 s) =
            VM.sign(attesterKey(0), other.reportDigest(sample(1_000_000)));
        bytes memory elsewhere = abi.encodePacked(r, s, v);
        assertTrue(_isRefused(sample(1_000_000), elsewhere), "another contract's was accepted");
        VM.chainId(block.chainid + 1);
        assertTrue(_isRefused(sample(1_000_000), signature), "another chain's was accepted");
        VM.chainId(block.chainid - 1);
        assertTrue(!_isRefused(sample(1_000_000), signature), "the report itself was refused");
    }

    /// @dev T1: one report per validator, class and epoch; the first stands.
    function test_report_revertsWhen_theValidatorHasReported() external {
        send(0, 1_000_000);
        address attester = VM.addr(attesterKey(0));
        PriceReport memory again = sample(2_000_000);
        bytes memory signature = sign(attesterKey(0), again);
        VM.expectRevert(
            abi.encodeWithSelector(IPriceIndex.ReportKnown.selector, CLASS, running(), attester)
        );
        index.report(again, 0, signature);
        again.indexClass = "a100";
        index.report(again, 0, sign(attesterKey(0), again));
        assertEq(index.reportOf(CLASS, running(), attester).valuePpm, 1_000_000);
        assertEq(index.reportOf("a100", running(), attester).valuePpm, 2_000_000);
    }

    function test_report_isKeptAndAnnounced_whoeverRelaysIt() external {
        PriceReport memory one = sample(1_234_567);
        bytes memory signature = sign(attesterKey(2), one);
        address attester = VM.addr(attesterKey(2));
        VM.expectEmit(address(index));
        emit IPriceIndex.PriceReported(
            CLASS,
            one.epoch,
            attester,
            1_234_567,
            40_000,
            5,
            one.oldestS,
            one.newestS,
            one.inputHash
        );
        VM.prank(STRANGER);
        index.report(one, 2, signature);
        KeptReport memory kept = index.reportOf(CLASS, one.epoch, attester);
        assertEq(kept.valuePpm, 1_234_567);
        assertEq(kept.spreadPpm, 40_000);
        assertEq(kept.venues, 5);
    }

    // Closing: error cases in the order of the checks

    function test_close_revertsWhen_theEpochRunsOrIsLongOver() external {
        uint32 epoch = running();
        _expectNotClosable(epoch);
        index.close(CLASS, epoch);
        _expectNotClosable(epoch + 1);
        index.close(CLASS, epoch + 1);
        _expectNotClosable(epoch - 2);
        index.close(CLASS, epoch - 2);
        _expectNotClosable(type(uint32).max);
        index.close(CLASS, type(uint32).max);
        index.close(CLASS, epoch - 1);
    }

    /// @dev A step is announced at least the tariff's lead before it holds, and never for another epoch than the next.
    function test_close_revertsWhen_tooLateForTheLead() external {
        uint32 epoch = running();
        for (uint8 i = 0; i < 3; ++i) {
            send(i, 1_100_000);
        }
        VM.warp(startOfS(epoch + 2) - LEAD_MS / 1000 + 1);
        _expectNotClosable(epoch);
        index.close(CLASS, epoch);
        VM.warp(startOfS(epoch + 2) - LEAD_MS / 1000);
        index.close(CLASS, epoch);
        assertEq(announced(), 1_100_000);
    }

    function test_close_revertsWhen_closedBefore() external {
        runEpoch([uint64(1_100_000), 1_100_000, 1_100_000, 0]);
        uint32 epoch = running() - 1;
        VM.expectRevert(abi.encodeWithSelector(IPriceIndex.EpochClosed.selector, CLASS, epoch));
        index.close(CLASS, epoch);
        index.close("a100", epoch);
        VM.expectRevert(
            abi.encodeWithSelector(IPriceIndex.EpochClosed.selector, bytes32("a100"), epoch)
        );
        index.close("a100", epoch);
        assertEq(index.isClosed(CLASS, epoch), true);
        assertEq(index.isClosed(CLASS, epoch + 1), false);
    }

    /// @dev The guardian can stop a step, and set none.
    function test_close_revertsWhen_closedByTheGuardian() external {
        send(0, 1_100_000);
        nextEpoch();
        uint32 epoch = running() - 1;
        manager.setTargetClosed(address(index), true);
        VM.expectRevert(
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, address(this))
        );
        index.close(CLASS, epoch);
    }

    // What an epoch gives

    /// @dev The worked example of docs/price-index.md.
    function test_close_movesTheIndex_fromTheEpochAfter() external {
        for (uint8 i = 0; i < 4; ++i) {
            send(i, [uint64(1_310_000), 1_250_000, 1_280_000, 9_000_000][i]);
        }
        uint32 epoch = running();
        nextEpoch();
        uint64 fromMs = startOfS(epoch + 2) * 1000;
        VM.expectEmit(address(index));
        emit IPriceIndex.IndexClosed(CLASS, epoch, 1_280_000, 1_150_000, 1_113_043, 4, fromMs);
        VM.prank(STRANGER);
        index.close(CLASS, epoch);
        assertEq(indexAt(fromMs - 1), 1_000_000);
        assertEq(indexAt(fromMs), 1_150_000);
        Closing memory latest = index.latestOf(CLASS);
        assertEq(latest.epoch, epoch);
        assertEq(latest.reports, 4);
        assertEq(latest.rawPpm, 1_280_000);
        assertEq(latest.clampedPpm, 1_150_000);
        assertEq(latest.fromMs, fromMs);
        runEpoch([uint64(1_310_000), 1_250_000, 1_280_000, 9_000_000]);
        assertEq(announced(), 1_280_000);
        assertEq(tariff.ratesAt(gpu, fromMs).g, 1_150_000);
        assertEq(tariff.ratesAt(gpu, fromMs + EPOCH_MS).g, 1_280_000);
    }

    /// @dev I11: down as far as up, in factors.
    function test_close_clampsDownwards() external {
        runEpoch([uint64(500_000), 500_000, 500_000, 500_000]);
        assertEq(announced(), 869_566);
        runEpoch([uint64(500_000), 500_000, 500_000, 500_000]);
        assertEq(announced(), 756_145);
    }

    function test_close_holds_belowTwoThirds() external {
        send(0, 2_000_000);
        send(3, 2_000_000);
        uint32 epoch = running();
        nextEpoch();
        VM.expectEmit(address(index));
        emit IPriceIndex.IndexHeld(CLASS, epoch, 2, 3);
        index.close(CLASS, epoch);
        assertEq(announced(), 1_000_000);
        (, uint32 steps) = tariff.indexAt(CLASS, type(uint48).max);
        assertEq(steps, 0);
        VM.expectRevert(abi.encodeWithSelector(IPriceIndex.EpochClosed.selector, CLASS, epoch));
        index.close(CLASS, epoch);
        assertEq(index.latestOf(CLASS).reports, 0);
    }

    /// @dev Whoever is in no set at the epoch's end is no validator of that epoch.
    function test_close_countsTheSet_ofTheEpochsEnd() external {
        Validator[] memory members = membersOf(5);
        members[0] = members[4];
        Validator[] memory four = new Validator[](4);
        for (uint256 i = 0; i < 4; ++i) {
            four[i] = members[i];
        }
        for (uint8 i = 0; i < 3; ++i) {
            send(i, 1_100_000);
        }
        uint32 epoch = running();
        validators.setValidators(four);
        nextEpoch();
        VM.expectEmit(address(index));
        emit IPriceIndex.IndexHeld(CLASS, epoch, 2, 3);
        index.close(CLASS, epoch);
        send(1, 1_100_000);
        PriceReport memory one = sample(1_100_000);
        bytes memory signature = sign(attesterKey(0), one);
        _expectForged(0, VM.addr(attesterKey(0)));
        index.report(one, 0, signature);
    }

    /// @dev A step that would let a record overflow is refused by the tariff, and said so; the next smaller one is not.
    function test_close_saysSo_whenTheTariffRefusesTheStep() external {
        setRates(gpu, gpuRates(uint32(uint256(type(uint32).max) * 100 / 114)), 0);
        VM.warp(block.timestamp + LEAD_MS / 1000);
        send(0, 1_150_000);
        send(1, 1_150_000);
        send(2, 1_150_000);
        nextEpoch();
        VM.recordLogs();
        index.close(CLASS, running() - 1);
        Log[] memory logs = VM.getRecordedLogs();
        assertEq(countOf(logs, ITariff.IndexStepRefused.selector), 1);
        bytes memory closed = theOne(logs, IPriceIndex.IndexClosed.selector).data;
        (uint64 rawPpm, uint64 clampedPpm,,, uint64 fromMs) =
            abi.decode(closed, (uint64, uint64, uint64, uint8, uint64));
        assertEq(rawPpm, 1_150_000);
        assertEq(clampedPpm, 1_150_000);
        assertEq(fromMs, 0);
        assertEq(announced(), 1_000_000);
        runEpoch([uint64(1_139_000), 1_139_000, 1_139_000, 0]);
        assertEq(announced(), 1_139_000);
    }

    function test_isStale_afterThreeEpochsWithoutAReport() external {
        assertEq(index.isStale(CLASS), false);
        runEpoch([uint64(1_100_000), 1_100_000, 1_100_000, 0]);
        nextEpoch();
        nextEpoch();
        assertEq(index.isStale(CLASS), false);
        nextEpoch();
        assertEq(index.isStale(CLASS), true);
        assertEq(indexAt(uint64(block.timestamp * 1000)), 1_100_000);
        send(2, 1_100_000);
        assertEq(index.isStale(CLASS), false);
    }

    function test_epochAt_countsFromNineteenSeventy() external view {
        assertEq(index.epochAt(0), 0);
        assertEq(index.epochAt(EPOCH_S - 1), 0);
        assertEq(index.epochAt(EPOCH_S), 1);
    }

    function _isRefused(PriceReport memory one, bytes memory signature) private returns (bool) {
        (bool isAccepted,) =
            address(index).call(abi.encodeCall(PriceIndex.report, (one, 0, signature)));
        return !isAccepted;
    }

    function _expectInvalid(PriceReport memory one) private {
        VM.expectRevert(
            abi.encodeWithSelector(
                IPriceIndex.ReportInvalid.selector, one.indexClass, one.valuePpm, one.venues
            )
        );
        index.report(one, 0, "");
    }

    function _expectNotRunning(uint32 epoch) private {
        VM.expectRevert(
            abi.encodeWithSelector(IPriceIndex.EpochNotRunning.selector, epoch, running())
        );
    }

    function _expectForged(uint8 validator, address signer) private {
        VM.expectRevert(
            abi.encodeWithSelector(IPriceIndex.ReportSignatureInvalid.selector, validator, signer)
        );
    }

    function _expectNotClosable(uint32 epoch) private {
        uint64 latestS = startOfS(running() + 1) - LEAD_MS / 1000;
        VM.expectRevert(
            abi.encodeWithSelector(
                IPriceIndex.EpochNotClosable.selector, epoch, running() - 1, latestS
            )
        );
    }
}
