"""Everything by the names of workspaces: the counts so far and the same for each unit of charge, as a group."""

if "result" in mtd:
    DeleteWorkspace("result")  # the group of the cycle before, with its members

CloneWorkspace(InputWorkspace="accumulation", OutputWorkspace="counts")
total = mtd["counts"].readY(0).sum()
logger.notice("run %d: %d counts in %s" % (mtd["counts"].getRunNumber(), total, mtd.getObjectNames()))

CropWorkspace(InputWorkspace="counts", OutputWorkspace="cropped", XMin=500, XMax=5000)
Integration(InputWorkspace="cropped", OutputWorkspace="cropped")
RenameWorkspace("cropped", "fast")
if total:
    logger.notice("%.1f %% of the neutrons come before 5 ms" % (100 * mtd["fast"].readY(0)[0] / total))
DeleteWorkspace("fast")

CloneWorkspace(InputWorkspace="counts", OutputWorkspace="per_charge")
if mtd["per_charge"].run().getProtonCharge() > 0:
    NormaliseByCurrent(InputWorkspace="per_charge", OutputWorkspace="per_charge")
GroupWorkspaces(InputWorkspaces="counts,per_charge", OutputWorkspace="result")
