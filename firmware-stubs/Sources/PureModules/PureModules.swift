import IPMI
import SystemInterfaces
