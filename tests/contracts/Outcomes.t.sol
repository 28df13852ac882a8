// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    IOutcomes,
    KindTerms,
    Outcome,
    OutcomeStatus
} from "../../contracts/interfaces/IOutcomes.sol";
import {Names} from "../../contracts/libraries/Names.sol";
import {Window} from "../../contracts/libraries/Windows.sol";
import {ReplenishmentFixture} from "./support/ReplenishmentFixture.sol";

/// @title Epochs, kinds, sources and reports
contract OutcomesTest is ReplenishmentFixture {
    uint16 private constant FRESH = 3;
    bytes32 private constant EVIDENCE = keccak256("evidence");

    function setUp() external {
        deployReplenishment();
    }

    // Epochs

    function test_epochs_areMultiples_ofTheirLength() external view {
        assertEq(outcomes.genesisS(), START_S);
        assertEq(outcomes.epochLengthS(), EPOCH_S);
        assertEq(outcomes.epochAt(0), 0);
        assertEq(outcomes.epochAt(START_S + EPOCH_S - 1), 0);
        assertEq(outcomes.epochAt(START_S + EPOCH_S), 1);
        assertEq(outcomes.endOf(0), START_S + EPOCH_S);
    }

    function test_fuzz_epochs_followWithoutGap(uint32 timeS) external view {
        uint32 epoch = outcomes.epochAt(timeS);
        assertBelow(timeS, outcomes.endOf(epoch));
        assertEq(outcomes.epochAt(outcomes.endOf(epoch)), epoch + 1);
    }

    function test_window_opensWithTheFirstTouch_afterItsEpoch() external {
        outcomes.captureSeed();
        nextEpoch();
        (, bool isOpen) = outcomes.windowOf(0);
        assertEq(isOpen, false);
        forward(600, 1);
        outcomes.captureSeed();
        Window memory window;
        (window, isOpen) = outcomes.windowOf(0);
        assertEq(isOpen, true);
        assertEq(window.openedAtS, outcomes.endOf(0));
        assertEq(window.openedBlock, block.number);
    }

    /// @dev Whoever stops the chain over an epoch's end gains nothing: time halted counts from the last touch before.
    function test_window_isExtended_byAHaltOverTheEnd() external {
        outcomes.captureSeed();
        forward(EPOCH_S + 3 days, 1);
        outcomes.captureSeed();
        (Window memory window,) = outcomes.windowOf(0);
        assertEq(window.haltedBeforeS, 0);
        assertEq(cursors.haltedS(), EPOCH_S + 3 days - LONGEST_BLOCK_S);
    }

    // Kinds

    function test_setKind_revertsWhen_outOfBounds() external {
        VM.expectRevert(abi.encodeWithSelector(IOutcomes.KindInvalid.selector, 0));
        outcomes.setKind(0, "none", 1, 0, 0);
        VM.expectRevert(abi.encodeWithSelector(IOutcomes.KindInvalid.selector, 17));
        outcomes.setKind(17, "one-too-many", 1, 0, 0);
        VM.expectRevert(abi.encodeWithSelector(Names.NameInvalid.selector, "No"));
        outcomes.setKind(FRESH, "No", 1, 0, 0);
        VM.expectRevert(
            abi.encodeWithSelector(
                IOutcomes.AttributionTooLong.selector, 92 days + 1, uint256(92 days)
            )
        );
        outcomes.setKind(FRESH, "slow", 1, 92 days + 1, 0);
    }

    function test_setKind_holdsFromAnyEpoch_atFirst() external {
        nextEpoch();
        VM.expectEmit(address(outcomes));
        emit IOutcomes.KindSet(16, "satisfaction", 7, 3, 0);
        outcomes.setKind(16, "satisfaction", 7, 3, 0);
        KindTerms memory found = outcomes.kindAt(16, 0);
        assertEq(found.isKnown, true);
        assertEq(found.uusdPerUnit, 7);
        assertEq(found.attributionS, 3);
        assertEq(bytes(outcomes.nameOfKind(16)).length, 12);
        assertEq(outcomes.kindAt(15, 0).isKnown, false);
    }

    function test_setKind_neverRepricesAnEpoch_thatHasBegun() external {
        nextEpoch();
        VM.expectEmit(address(outcomes));
        emit IOutcomes.KindSet(REVENUE, "revenue", 1, ATTRIBUTION_S, 2);
        outcomes.setKind(REVENUE, "revenue", 1, ATTRIBUTION_S, 0);
        assertEq(outcomes.kindAt(REVENUE, 1).uusdPerUnit, UUSD_PER_CENT);
        assertEq(outcomes.kindAt(REVENUE, 2).uusdPerUnit, 1);
        VM.expectRevert(abi.encodeWithSelector(IOutcomes.EpochTooEarly.selector, 1, 2));
        outcomes.setKind(REVENUE, "revenue", 1, ATTRIBUTION_S, 1);
    }

    function test_setKind_revertsWhen_beforeAnAnnouncedChange() external {
        outcomes.setKind(REVENUE, "revenue", 5, ATTRIBUTION_S, 9);
        VM.expectRevert(abi.encodeWithSelector(IOutcomes.EpochTooEarly.selector, 8, 9));
        outcomes.setKind(REVENUE, "revenue", 6, ATTRIBUTION_S, 8);
        outcomes.setKind(REVENUE, "revenue", 6, ATTRIBUTION_S, 9);
        assertEq(outcomes.kindAt(REVENUE, 9).uusdPerUnit, 6);
    }

    // Sources

    function test_setSource_revertsWhen_notTheRegistrar() external {
        _expectNotAuthorised(STRANGER, acme);
        VM.prank(STRANGER);
        outcomes.setSource(acme, REVENUE, STRANGER, true);
        _expectNotAuthorised(OTHER_REGISTRAR, acme);
        VM.prank(OTHER_REGISTRAR);
        outcomes.setSource(acme, REVENUE, STRANGER, true);
    }

    function test_setSource_revertsWhen_noOrganisation() external {
        VM.expectRevert(abi.encodeWithSelector(IOutcomes.NotAnOrganisation.selector, project));
        VM.prank(REGISTRAR);
        outcomes.setSource(project, REVENUE, SOURCE, true);
    }

    function test_attribution_isTheLongest_ofItsSourcesKinds() external {
        assertEq(outcomes.attributionOf(project, 0), ATTRIBUTION_S);
        outcomes.setKind(FRESH, "satisfaction", 1, 30 days, 0);
        assertEq(outcomes.attributionOf(project, 0), ATTRIBUTION_S);
        _setSource(FRESH, STRANGER, true);
        _setSource(FRESH, SOURCE, true);
        _setSource(FRESH, SOURCE, true);
        assertEq(outcomes.attributionOf(project, 0), 30 days);
        _setSource(FRESH, SOURCE, false);
        assertEq(outcomes.attributionOf(project, 0), 30 days);
        _setSource(FRESH, STRANGER, false);
        assertEq(outcomes.attributionOf(project, 0), ATTRIBUTION_S);
        assertEq(outcomes.attributionOf(globexTeam, 0), 0);
    }

    // Reports

    function test_report_revertsWhen_noSource() external {
        _expectNotASource(STRANGER, acme);
        VM.prank(STRANGER);
        outcomes.report(project, 0, REVENUE, 1, EVIDENCE);
        // A source of one organisation and one kind only.
        _expectNotASource(SOURCE, globex);
        VM.prank(SOURCE);
        outcomes.report(globexTeam, 0, REVENUE, 1, EVIDENCE);
        VM.expectRevert(abi.encodeWithSelector(IOutcomes.NotASource.selector, SOURCE, acme, TASKS));
        VM.prank(SOURCE);
        outcomes.report(project, 0, TASKS, 1, EVIDENCE);
    }

    function test_report_revertsWhen_ofAnOrganisation() external {
        VM.expectRevert(abi.encodeWithSelector(IOutcomes.NotAProject.selector, acme));
        report(acme, 0, 1);
    }

    function test_report_revertsWhen_theEpochHasNotBegun() external {
        VM.expectRevert(abi.encodeWithSelector(IOutcomes.EpochNotBegun.selector, 1, 0));
        report(project, 1, 1);
    }

    function test_report_revertsWhen_theKindIsUnknown() external {
        _setSource(FRESH, SOURCE, true);
        VM.expectRevert(abi.encodeWithSelector(IOutcomes.KindUnknown.selector, FRESH, 0));
        VM.prank(SOURCE);
        outcomes.report(project, 0, FRESH, 1, EVIDENCE);
    }

    function test_report_revertsWhen_attributionIsOver() external {
        nextEpoch();
        outcomes.captureSeed();
        forward(ATTRIBUTION_S - 1, ATTRIBUTION_S / LONGEST_BLOCK_S + 2);
        assertEq(outcomes.isMature(project, 0), false);
        forward(1, 0);
        assertEq(outcomes.isMature(project, 0), true);
        VM.expectRevert(
            abi.encodeWithSelector(
                IOutcomes.AttributionClosed.selector, 0, REVENUE, outcomes.endOf(0) + ATTRIBUTION_S
            )
        );
        report(project, 0, 1);
    }

    function test_report_isAccepted_atTheLastMomentOfAttribution() external {
        nextEpoch();
        outcomes.captureSeed();
        forward(ATTRIBUTION_S - 1, ATTRIBUTION_S / LONGEST_BLOCK_S + 2);
        report(project, 0, 1);
    }

    function test_report_revertsWhen_repeated() external {
        report(project, 0, 100);
        VM.expectRevert(
            abi.encodeWithSelector(IOutcomes.AlreadyReported.selector, project, 0, REVENUE)
        );
        report(project, 0, 100);
    }

    function test_report_revertsWhen_theEpochIsClosed() external {
        enrol(project, 1e6);
        live(project, 0, 0);
        _setSource(FRESH, SOURCE, true);
        outcomes.setKind(FRESH, "late", 1, 30 days, 0);
        VM.expectRevert(abi.encodeWithSelector(IOutcomes.EpochClosedAlready.selector, project, 0));
        VM.prank(SOURCE);
        outcomes.report(project, 0, FRESH, 1, EVIDENCE);
    }

    function test_report_keepsEverything() external {
        VM.expectEmit(address(outcomes));
        emit IOutcomes.OutcomeReported(project, 0, REVENUE, 250, 2_500_000, EVIDENCE, SOURCE);
        report(project, 0, 250);
        Outcome memory found = outcomes.outcomeOf(project, 0, REVENUE);
        assertTrue(found.status == OutcomeStatus.Reported, "reported");
        assertEq(found.amount, 250);
        assertEq(found.reporter, SOURCE);
        assertEq(found.reportedAtS, START_S);
        assertEq(found.evidenceHash, EVIDENCE);
        assertEq(found.confirmer, address(0));
        (uint128 uusd, bool isPending) = outcomes.valueOf(project, 0);
        assertEq(uusd, 0);
        assertEq(isPending, true);
    }

    function test_value_addsUpKinds_andStopsAtItsMaximum() external {
        _setSource(TASKS, SOURCE, true);
        earn(project, 0, 250);
        VM.prank(SOURCE);
        outcomes.report(project, 0, TASKS, 3, EVIDENCE);
        VM.prank(CONFIRMER);
        outcomes.confirm(project, 0, TASKS);
        (uint128 uusd,) = outcomes.valueOf(project, 0);
        assertEq(uusd, 2_500_000 + 3_000_000);
        earn(team, 0, type(uint128).max);
        (uusd,) = outcomes.valueOf(team, 0);
        assertEq(uusd, type(uint128).max);
    }

    function _setSource(uint16 kind, address source, bool isSource) private {
        VM.prank(REGISTRAR);
        outcomes.setSource(acme, kind, source, isSource);
    }

    function _expectNotASource(address who, uint32 organisation) private {
        VM.expectRevert(
            abi.encodeWithSelector(IOutcomes.NotASource.selector, who, organisation, REVENUE)
        );
    }

    function _expectNotAuthorised(address who, uint32 account) private {
        VM.expectRevert(abi.encodeWithSelector(IOutcomes.NotAuthorised.selector, who, account));
    }
}
